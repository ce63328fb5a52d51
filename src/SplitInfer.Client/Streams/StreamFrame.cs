using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Streams;

/// <summary>One frame on its way through a stream.</summary>
/// <param name="number">Its place in the source, from 0 on.</param>
/// <param name="inputs">Its tensors.</param>
/// <param name="arrivedAt">When the source yielded it, s.</param>
internal sealed class StreamFrame(long number, ReadOnlyMemory<TensorValue> inputs, double arrivedAt)
{
    /// <summary>Its place in the source.</summary>
    public long Number => number;

    /// <summary>Its tensors.</summary>
    public ReadOnlyMemory<TensorValue> Inputs => inputs;

    /// <summary>When the source yielded it, s.</summary>
    public double ArrivedAt => arrivedAt;

    /// <summary>Frames in flight when it began, itself included; 0 before that.</summary>
    public int InFlight { get; set; }

    /// <summary>What could have been taken at best when it began, frames/s.</summary>
    public double Bound { get; set; } = double.NaN;

    /// <summary>What it took so far; its fate is that of the route, which differs from the frame's where the device has finished it in place of a server.</summary>
    public StageTimes Times { get; set; }

    /// <summary>What became of it.</summary>
    public StreamResult Result(StreamFate outcome, double now, InferenceResult? result = null, Exception? failure = null) => new()
    {
        Frame = number,
        Inputs = inputs,
        Outcome = outcome,
        Result = result,
        Latency = TimeSpan.FromTicks((long)Math.Round((now - arrivedAt) * TimeSpan.TicksPerSecond)),
        InFlight = InFlight,
        BoundFramesPerSecond = Bound,
        Failure = failure,
    };
}
