using SplitInfer.Execution;

namespace SplitInfer.Segments;

/// <summary>Which part of the model a segment is.</summary>
internal enum SegmentSide
{
    Head,
    Tail,

    /// <summary>What lies between two cuts.</summary>
    Middle,

    /// <summary>A tail that takes several requests at once.</summary>
    BatchTail,
}

/// <summary>Names one segment of a model: the head or the tail of a partition, or what lies between two. The whole model is the head of the last one.</summary>
/// <param name="Side">Which part it is.</param>
/// <param name="Partition">The partition; of a middle segment, the one at which it ends.</param>
/// <param name="From">The earlier partition, at which a middle segment begins; 0 for others.</param>
internal readonly record struct SegmentKey(SegmentSide Side, int Partition, int From = 0)
{
    /// <summary>The segment from the boundary of one partition to that of a later one; see <see cref="Partitioning.PartitionedModel.Between"/>.</summary>
    public static SegmentKey Between(int from, int to) => new(SegmentSide.Middle, to, from);
}

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
