using SplitInfer.Execution;

namespace SplitInfer.Segments;

/// <summary>The engine loads the whole model, but not the part that one of its cuts makes of it. Other cuts are of use all the same.</summary>
public sealed class SegmentLoadException : SplitInferException
{
    internal SegmentLoadException(string model, SegmentKey segment, EngineException reason)
        : base($"{model}: the {segment.Side.ToString().ToLowerInvariant()} of partition {segment.Partition} cannot be loaded, not even without optimisation. Take another partition. {reason.Message}", reason) =>
        Partition = segment.Partition;

    /// <summary>The partition that cannot be taken.</summary>
    public int Partition { get; }
}
