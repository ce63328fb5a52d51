using System.Runtime.CompilerServices;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Attempts;

/// <summary>Sends a frame of a stream when those before it have left, and leaves the device to the next one meanwhile.</summary>
/// <param name="remote">Has the server run the tail.</param>
/// <param name="servers">The servers.</param>
internal sealed class OrderedRemoteExecutor(IExecutor remote, ServerSet servers) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => remote.MayOutliveCall(attempt);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        var lane = attempt.Lane!;
        var turn = lane.TakeTurn();
        try
        {
            if (turn is { Came.IsCompleted: false })
            {
                lane.Leave(isEncodedLater: true);
                await turn.Came.WaitAsync(stop).ConfigureAwait(false);
            }

            var transport = servers.All[attempt.Decision.Arm.Server].TransportOf(attempt.Decision.Arm.Variant);
            var tells = transport.Capabilities.HasFlag(TransportCapabilities.SendProgress);
            if (tells) lane.OnSent = turn is null ? null : turn.Pass;
            // What leaves first is encoded before this call returns, unless a connection has to be made.
            var running = remote.RunAsync(attempt, stop);
            lane.Leave();
            if (!tells) turn?.Pass();
            var result = await running.ConfigureAwait(false);
            lane.Reply();
            return result;
        }
        finally
        {
            turn?.Pass();
        }
    }
}

/// <summary>Runs the rest of a frame of a stream on the device when the device is free.</summary>
/// <param name="local">Runs it.</param>
internal sealed class GatedLocalExecutor(IExecutor local) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => local.MayOutliveCall(attempt);

    public ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop) => attempt.Lane!.RunAloneAsync(local, attempt, stop);
}
