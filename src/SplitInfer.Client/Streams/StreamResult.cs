using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Streams;

/// <summary>What became of one frame of a stream. Whoever holds it disposes it, and with it the outputs.</summary>
public sealed class StreamResult : IDisposable
{
    internal StreamResult()
    {
    }

    /// <summary>The place of the frame in its source, from 0 on.</summary>
    public required long Frame { get; init; }

    /// <summary>The tensors of the frame, which are the caller's again.</summary>
    public required ReadOnlyMemory<TensorValue> Inputs { get; init; }

    /// <summary>
    /// Completed in time, late, dropped for another frame, or failed. A frame whose server failed and that the device then inferred is completed or late;
    /// <see cref="InferenceResult.ServerFailure"/> tells.
    /// </summary>
    public required StreamFate Outcome { get; init; }

    /// <summary>Its outputs and what they cost; null where it was dropped, has failed, or was late before it began.</summary>
    public InferenceResult? Result { get; init; }

    /// <summary>From the moment at which the source yielded the frame until this was known. What the frame waited for earlier ones to be yielded is not in it.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>Frames in flight when it was this one's turn to begin, itself included; 0 where it was dropped before.</summary>
    public int InFlight { get; init; }

    /// <summary>The most frames a second that device, links and servers could have taken, as the planner saw it when the frame began; NaN where there is no planner or it did not begin.</summary>
    public double BoundFramesPerSecond { get; init; } = double.NaN;

    /// <summary>Why the frame has failed; null for all others.</summary>
    public Exception? Failure { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Result?.Dispose();
}
