using SplitInfer.Execution;

namespace SplitInfer.Segments;

/// <summary>Which part of the model a segment is.</summary>
internal enum SegmentSide
{
    Head,
    Tail,
}

/// <summary>Names one segment of a model: the head or the tail of a partition. The whole model is the head of the last one.</summary>
internal readonly record struct SegmentKey(SegmentSide Side, int Partition);

/// <summary>A segment that is ready to run, and its resources.</summary>
/// <param name="Runner">Runs it.</param>
/// <param name="ExclusiveBytes">Bytes that only this segment holds; those of shared weights are counted where the weights are kept.</param>
/// <param name="Shared">What it holds in common with others, given up after the runner; null if there is nothing.</param>
internal sealed record CompiledSegment(ISegmentRunner Runner, long ExclusiveBytes, IDisposable? Shared) : IDisposable
{
    public void Dispose()
    {
        Runner.Dispose();
        Shared?.Dispose();
    }
}
