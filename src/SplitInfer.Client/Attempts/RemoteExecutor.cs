using System.Runtime.CompilerServices;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Protocol;

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
        var arm = attempt.Decision.Arm;
        var transport = servers.All[arm.Server].TransportOf(arm.Variant);
        var timer = new StageTimer(time);
        TailReply reply;
        try
        {
            attempt.Codec = AcceptedCodec(attempt, transport);
            try
            {
                reply = await transport.SendAsync(attempt.CreateRequest(), stop).ConfigureAwait(false);
            }
            catch (TailRefusedException refused) when (refused.Code == RefusalCode.CodecNotAllowed && AcceptedCodec(attempt, transport) is var other && other != attempt.Codec && !stop.IsCancellationRequested)
            {
                // The first request of a connection may be sent before it is known which codecs the server accepts.
                attempt.Codec = other;
                reply = await transport.SendAsync(attempt.CreateRequest(), stop).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (!ServerFault.Is(error) && !stop.IsCancellationRequested)
        {
            throw new ServerUnreachableException($"{transport.GetType().Name} ended a request without a reply: {error.Message.TrimEnd('.')}. See the inner exception; a fault of the transport or of codec '{attempt.Codec.Name}' repeats itself, others may not.", error);
        }

        var (taken, isTooLate) = (timer.Restart(), attempt.Budget.IsOver);
        Require(reply, attempt, transport);
        if (attempt.RefusesNonFinite && BoundaryCheck.FindNonFinite(reply, attempt) is { } output)
        {
            reply.Dispose();
            throw new NonFiniteOutputException(servers.All[attempt.Decision.Arm.Server].Name, output);
        }

        // Where a test stops the clock, there is nothing to compare with.
        var isPlausible = reply.Timings is { TotalSeconds: >= 0, QueueSeconds: >= 0 } timings && (taken == TimeSpan.Zero || timings.TotalSeconds <= taken.TotalSeconds);
        return new(new(reply.Outputs, taken), ServerOutcome.Replied)
        {
            OffloadSeconds = attempt.SendingSeconds(taken),
            // No server can have spent more time than the whole request took. Wrong times would spoil what is learned, so they are left out.
            ServerTimings = isPlausible ? reply.Timings : default,
            ServerLoad = reply.Load,
            Exit = reply.Exit,
            Confidence = reply.Confidence,
            IsTooLate = isTooLate,
        };
    }

    /// <summary>Checks that a reply has the outputs of the tail: nothing but the transport of this package is known to do so.</summary>
    private static void Require(TailReply? reply, Attempt attempt, ITailTransport transport)
    {
        var due = attempt.Cut.Partition.TailOutputs;
        var wrong = reply?.Outputs is null ? "no outputs" : reply.Outputs.Length != due.Length ? $"{reply.Outputs.Length} outputs instead of {due.Length}" : null;
        for (var i = 0; wrong is null && i < due.Length; i++)
        {
            var output = reply!.Outputs[i];
            if (output is null) wrong = $"no output '{due[i].Name}'";
            else if (!due[i].Accepts(output.ElementType, output.Shape)) wrong = $"{output} for output {due[i]}";
        }

        if (wrong is null) return;
        reply?.Dispose();
        throw ProtocolException.Violation($"{transport.GetType().Name} replied with {wrong}");
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
