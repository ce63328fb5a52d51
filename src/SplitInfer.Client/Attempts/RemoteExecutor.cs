using System.Runtime.CompilerServices;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>Has the arm's server run the tail.</summary>
/// <param name="servers">The servers.</param>
/// <param name="codecs">Finds a codec by its name.</param>
/// <param name="time">The clock.</param>
internal sealed class RemoteExecutor(ServerSet servers, CodecRegistry codecs, TimeProvider time) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => false;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        var transport = servers.All[attempt.Decision.Arm.Server].Transport;
        attempt.Codec = AcceptedCodec(attempt, transport);
        var request = attempt.CreateRequest();
        var timer = new StageTimer(time);
        TailReply reply;
        try
        {
            reply = await transport.SendAsync(request, stop).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not SplitInferException && !stop.IsCancellationRequested)
        {
            throw new ServerUnreachableException($"The transport ended a request without a reply: {error.Message} Send the request again.", error);
        }

        var taken = timer.Restart();
        return new(new(reply.Outputs, taken), ServerOutcome.Replied)
        {
            OffloadSeconds = attempt.SendingSeconds(taken),
            ServerTimings = reply.Timings,
            ServerLoad = reply.Load,
        };
    }

    /// <summary>
    /// The arm's codec or, where the server's operator does not allow that one and the user named none, the first that loses nothing. What
    /// it costs is learned under the same arm.
    /// </summary>
    private ITensorCodec AcceptedCodec(Attempt attempt, ITailTransport transport)
    {
        var accepted = transport.AcceptedCodecs;
        if (!attempt.MayReplaceCodec || accepted.IsDefaultOrEmpty || accepted.Contains(attempt.Codec.Name)) return attempt.Codec;
        foreach (var name in accepted)
            if (codecs.TryGet(name, out var codec) && codec.IsLossless) return codec;
        return attempt.Codec;
    }
}
