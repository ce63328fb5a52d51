using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Segments;

/// <summary>
/// Loads partitions of one model as clients and servers do: segments and common weights are in memory only once. Safe for concurrent
/// use. Dispose it after the <see cref="LoadedCut"/>s that it loaded.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="execution">How ONNX Runtime runs; null for the defaults.</param>
/// <param name="memoryBytes">Limit for the bytes of loaded segments. Segments in use stay loaded even if they exceed it. No limit unless set.</param>
public sealed class CutLoader(PartitionedModel model, ExecutionOptions? execution = null, long memoryBytes = long.MaxValue) : IDisposable
{
    private readonly SegmentSet _segments = new SegmentResidency(memoryBytes).Open(new SegmentCompiler(model, execution ?? new()));

    /// <summary>Loads a partition; segments that are already loaded are reused.</summary>
    /// <param name="partition">Index of a partition that can be made.</param>
    /// <param name="cancellationToken">Ends the wait; the loading continues.</param>
    /// <returns>The cut, which keeps its segments loaded until it is disposed.</returns>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    /// <exception cref="SegmentLoadException">The engine refuses the head or the tail.</exception>
    public async ValueTask<LoadedCut> LoadAsync(int partition, CancellationToken cancellationToken = default)
    {
        var (route, cut) = (model.Route(partition), model.Plan.Partitions[partition]);
        var head = route.HasHead ? await _segments.RentAsync(new(SegmentSide.Head, partition), cancellationToken).ConfigureAwait(false) : default;
        try
        {
            var tail = cut.TailOutputs.IsEmpty ? default : await _segments.RentAsync(new(SegmentSide.Tail, partition), cancellationToken).ConfigureAwait(false);
            return new(cut, route, head.Runner, tail.Runner, () =>
            {
                head.Dispose();
                tail.Dispose();
            });
        }
        catch
        {
            head.Dispose();
            throw;
        }
    }

    /// <summary>Unloads everything.</summary>
    public void Dispose() => _segments.Dispose();
}
