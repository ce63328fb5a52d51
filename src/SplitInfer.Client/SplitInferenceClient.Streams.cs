using SplitInfer.Client.Attempts;
using SplitInfer.Client.Servers;
using SplitInfer.Policies;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <content>What streams of frames need of a client.</content>
public sealed partial class SplitInferenceClient
{
    /// <summary>What the policy started from; null where none was made.</summary>
    internal PolicySetup? Setup { get; init; }

    /// <summary>Tells of round trips.</summary>
    internal RoundTripNews? RoundTrips { get; init; }

    /// <summary>The clock.</summary>
    internal TimeProvider Time => _options.TimeProvider;

    /// <summary>The servers.</summary>
    internal ServerSet ServerHandles => _servers;

    /// <summary>Where frames of streams wait for each other.</summary>
    internal StreamLanes Lanes { get; }

    /// <summary>Whether the policy learns, so that a planner may take its place.</summary>
    internal bool Learns => _selector.Learns;

    /// <summary>The partition that a stream names, on the first server that can be used.</summary>
    /// <exception cref="Arms.InvalidPartitionException">There is none, or it is not admissible.</exception>
    /// <exception cref="Transport.ServerUnreachableException">It needs a server, and none was named.</exception>
    internal Decision Named(int partition) => _selector.Named(partition) with { IsNamed = false } is var named && (named.Arm.IsOnDevice || !_servers.All.IsEmpty) ? named : throw NoServer();

    /// <summary>What the policy decides for a frame of a stream, as far as a stream follows it: nothing is raced.</summary>
    internal Decision Choose() => _selector.Choose(quality: default, minAccuracy: 0, minQuality: null, variant: null, budget: default).Decision
        with { IsRaced = false, LateAfterSeconds = 0, HedgeAfterSeconds = null, Shadow = null };

    /// <summary>Infers one frame of a stream. The policy does not learn from it; health, profile and listeners are told.</summary>
    /// <param name="inputs">The model's inputs, which must not change until the call ends.</param>
    /// <param name="decision">What was chosen for the frame.</param>
    /// <param name="lane">Its place among the others, which the caller disposes.</param>
    /// <param name="ended">Called with the attempt when it has its outputs, or has failed.</param>
    /// <param name="stop">Ends it.</param>
    internal async Task<InferenceResult> InferFrameAsync(ReadOnlyMemory<TensorValue> inputs, Decision decision, FrameLane lane, Action<Attempt> ended, CancellationToken stop)
    {
        ObjectDisposedException.ThrowIf(_disposal.IsValueCreated, this);
        using var recorded = _recorder.Begin();
        try
        {
            Model.Check(inputs.Span);
            var call = new Call(inputs, Request: null, Budget: default, recorded, Early: null, stop, stop) { Lane = lane, Ended = ended };
            try
            {
                return await AttemptAsync(call, decision, skipped: null).ConfigureAwait(false);
            }
            catch (SegmentLoadException error) when (decision.Arm is not { IsOnDevice: true, Exit: 0 } && _options.FallsBack)
            {
                if (_selector.Learns && error.Partition == decision.Arm.Cut) _mask.Add(decision.Arm.Variant, decision.Arm.Cut, error.Message);
                return await AttemptAsync(call with { Ended = null }, _selector.OnDevice(decision), skipped: null).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (recorded.Fail(error))
        {
            throw;
        }
    }
}
