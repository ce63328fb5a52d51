using System.Runtime.CompilerServices;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// Has the tail of a request run: on the server, on both sides in a race, or on the device where the server fails. Owns the
/// transport. Thread-safe.
/// </summary>
internal sealed class TailStage : IAsyncDisposable
{
    private readonly ITailTransport _transport;
    private readonly IPartitionPolicy _policy;
    private readonly TimeProvider _time;

    public TailStage(ITailTransport transport, IPartitionPolicy policy, TimeSpan probeInterval, TimeProvider time)
    {
        (_transport, _policy, _time) = (transport, policy, time);
        Watch = new(transport as IServerPing, policy, probeInterval, time);
        Late = new(policy, Watch, time);
    }

    /// <summary>Whether the server can be used.</summary>
    public ServerWatch Watch { get; }

    /// <summary>What is left of races.</summary>
    public LateReplies Late { get; }

    /// <summary>Whether an error says that the server failed, so that the device may still succeed. A deadline that has passed is none: a later result would be of no use.</summary>
    public static bool IsOfServer(Exception error) =>
        error is ServerUnreachableException or ProtocolException || (error is TailRefusedException refusal && refusal.Code != RefusalCode.DeadlineExceeded);

    /// <summary>The same arm, with a codec that the server takes: one that loses nothing in place of one that its operator does not allow. What it costs is learned like any other cost of the arm.</summary>
    public Arm Agreed(Arm arm)
    {
        var accepted = (_transport as RemoteTailTransport)?.AcceptedCodecs ?? [];
        if (accepted.IsDefaultOrEmpty || accepted.Any(codec => codec.Name == arm.Codec)) return arm;
        return arm with { Codec = accepted.FirstOrDefault(static codec => codec.IsLossless)?.Name ?? arm.Codec };
    }

    /// <summary>Has the server run the tail; its errors are the caller's.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask OffloadAsync(InferencePass pass, TimeSpan? deadline, CancellationToken cancellationToken) =>
        pass.Take(await pass.OffloadAsync(_transport, deadline, cancellationToken).ConfigureAwait(false));

    /// <summary>Has the tail run as a policy decided. Where the server fails, the device finishes the job.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(InferencePass pass, Decision decision, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        if (decision.IsRaced)
        {
            await RaceAsync(pass, decision, deadline, cancellationToken).ConfigureAwait(false);
            return;
        }

        var began = _time.GetTimestamp();
        try
        {
            await OffloadAsync(pass, deadline, cancellationToken).ConfigureAwait(false);
            Watch.Answered();
        }
        catch (Exception failure) when (IsOfServer(failure))
        {
            Watch.Failed(failure);
            pass.Miss(failure, _time.GetElapsedTime(began));
            pass.Take(await pass.FinishAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (TailRefusedException failure)
        {
            pass.Miss(failure, _time.GetElapsedTime(began));
            _policy.Observe(decision, pass.Observation);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Late.DisposeAsync().ConfigureAwait(false);
        await Watch.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The first answer wins. Ends when there is one, or when both sides have ended without.</summary>
    private async ValueTask RaceAsync(InferencePass pass, Decision decision, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var device = new RaceSide(pass, static (pass, stop) => pass.FinishAsync(stop));
        var server = new RaceSide(pass, (pass, stop) => pass.OffloadAsync(_transport, deadline, stop));
        var winner = device;
        using (cancellationToken.UnsafeRegister(_ => { server.Stop(); device.Stop(); }, null))
        {
            if (await Task.WhenAny(device.Answer, server.Answer).ConfigureAwait(false) == server.Answer) winner = server;
            if (server.Answer.IsFaulted) Miss(pass, server.Answer.Exception.InnerException!, began);
            if (!winner.Answer.IsCompletedSuccessfully) winner = winner == server ? device : server;
            await ((Task)winner.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await device.DisposeAsync().ConfigureAwait(false);
            await server.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        pass.Take(await winner.Answer.ConfigureAwait(false));
        if (winner == server)
        {
            Watch.Answered();
            Late.Discard(device);
        }
        else if (pass.ServerFailure is null)
        {
            Late.Await(server, decision, pass.Progress, pass.DeviceTime, began);
        }
    }

    private void Miss(InferencePass pass, Exception failure, long began)
    {
        if (IsOfServer(failure)) Watch.Failed(failure);
        pass.Miss(failure, _time.GetElapsedTime(began));
    }
}
