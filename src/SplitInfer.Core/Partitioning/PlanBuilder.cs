using System.Collections.Immutable;
using SplitInfer.Models;
using SplitInfer.Partitioning.Probing;

namespace SplitInfer.Partitioning;

/// <summary>Lists every cut of a graph with the values that cross it, in one sweep over the nodes.</summary>
internal sealed class PlanBuilder
{
    // No useful cut passes as many; without a bound, the boundaries of a graph made for it would take the square of its size. Those of very
    // long graphs have fewer values still, so that the plan stays within tens of megabytes.
    private const int MaxTravelling = 512;
    private const int MinTravelling = 64;
    private const int MaxListed = 4_000_000;

    private readonly ModelGraph _graph;
    private readonly ValueCatalog _catalog;
    private readonly PlanOptions _options;
    private readonly GraphValue[] _outputs;
    private readonly Quantization _quantization;
    private readonly int _maxTravelling;

    private PlanBuilder(ModelGraph graph, ValueCatalog catalog, PlanOptions options)
    {
        (_graph, _catalog, _options) = (graph, catalog, options);
        var values = graph.Values.ToDictionary(static v => v.Name, StringComparer.Ordinal);
        _outputs = [.. graph.Outputs.Select(static o => o.Name).Distinct(StringComparer.Ordinal).Where(values.ContainsKey).Select(name => values[name])];
        _quantization = new(graph);
        _maxTravelling = Math.Clamp(MaxListed / (graph.Nodes.Length + 1), MinTravelling, MaxTravelling);
    }

    /// <summary>The plan of a model.</summary>
    public static PartitionPlan Build(ModelGraph graph, ValueCatalog catalog, PlanOptions options)
    {
        var partitions = new PlanBuilder(graph, catalog, options).Partitions();
        return new()
        {
            Model = graph.Model.Fingerprint,
            Fingerprint = PlanFingerprint.Of(graph, catalog),
            Inputs = [.. graph.Inputs.Select(i => catalog[i.Name].Spec)],
            DeviceOutputs = catalog.Finish?.Outputs ?? [],
            Outputs = [.. graph.Outputs.Select(o => catalog[o.Name].Spec)],
            Partitions = partitions,
            Arms = [.. partitions.Where(static p => p.IsArm)],
            MeasureFailure = catalog.MeasureFailure,
        };
    }

    private ImmutableArray<Partition> Partitions()
    {
        var costs = _graph.Nodes.Select(n => NodeCost.Of(n.Proto, _catalog.NominalShapeOf)).ToArray();
        var tails = new SegmentCost[costs.Length + 1];
        for (var k = costs.Length - 1; k >= 0; k--) tails[k] = tails[k + 1] + costs[k];

        var partitions = ImmutableArray.CreateBuilder<Partition>(costs.Length + 1);
        var smallest = long.MaxValue;
        var head = default(SegmentCost);
        var cut = new CutSweep(_graph.Values, _outputs, v => _catalog.Crossing(v).NominalBytes);
        for (var k = 0; k <= costs.Length; k++)
        {
            cut.MoveTo(k);
            var partition = Partition(k, cut, head, tails[k], smallest);
            partitions.Add(partition);
            if (partition.IsArm) smallest = partition.BoundaryBytes;
            if (k < costs.Length) head += costs[k];
        }

        return partitions.MoveToImmutable();
    }

    private Partition Partition(int k, CutSweep cut, SegmentCost head, SegmentCost tail, long smallest)
    {
        var isLast = k == _graph.Nodes.Length;
        var (crossing, returning) = (cut.Boundary(_maxTravelling), cut.Returning(_maxTravelling));
        var notTransferable = Math.Max(cut.Count, cut.ReturningCount) > _maxTravelling
            ? $"{cut.Count} values cross the cut and {cut.ReturningCount} would come back; a request carries at most {_maxTravelling}"
            : FirstOf(crossing, "crosses the cut", v => _catalog.Crossing(v).NotTransferableReason ?? _quantization.NotTransferableReason(v, k))
                ?? FirstOf(returning, "would come back from the server", v => _catalog[v.Name].NotTransferableReason);
        var ruledOut = isLast ? null : notTransferable ?? Constraint(k, crossing, cut.Bytes);
        var reason = ruledOut ?? (isLast ? null : FirstOf(crossing, "crosses the cut", v => _catalog[v.Name].Doubt) ?? FirstOf(returning, "would come back from the server", v => _catalog[v.Name].Doubt));
        return new()
        {
            Index = k,
            Boundary = [.. crossing.Select(v => _catalog.Crossing(v).Spec)],
            TailOutputs = [.. returning.Select(v => _catalog[v.Name].Spec)],
            BoundaryBytes = cut.Bytes,
            Head = head,
            Tail = tail,
            IsPossible = isLast || notTransferable is null,
            IsDoubted = ruledOut is null && reason is not null,
            InadmissibleReason = reason,
            // A value without a known size may be of any size, so nothing shows that the cut could win.
            IsArm = isLast || (reason is null && cut.Bytes < smallest && crossing.All(v => _catalog.Crossing(v).IsSized)),
        };
    }

    private static string? FirstOf(GraphValue[] values, string fate, Func<GraphValue, string?> problem)
    {
        foreach (var value in values)
            if (problem(value) is { } what) return $"'{value.Name}' {fate} and {what}";
        return null;
    }

    private string? Constraint(int k, GraphValue[] crossing, long bytes) =>
        k < _options.MinDepth ? $"{k} nodes on the device are fewer than {nameof(PlanOptions.MinDepth)} {_options.MinDepth}"
        : _options.MinDepth > 0 && crossing.FirstOrDefault(static v => v.Producer == GraphValue.Fed) is { Name: { } input } ? $"the model's input '{input}' would leave the device, which {nameof(PlanOptions.MinDepth)} rules out"
        : crossing.Count(static v => v.Producer != GraphValue.Fed && !v.IsOutput) is var count && count > _options.MaxBoundaryTensors ? $"{count} values inside the model cross the cut, more than {nameof(PlanOptions.MaxBoundaryTensors)} {_options.MaxBoundaryTensors}"
        : _options.MaxUploadBytes is not null && crossing.FirstOrDefault(v => !_catalog.Crossing(v).IsSized) is { Name: { } unsized } ? $"'{unsized}' crosses the cut and may be of any size, which {nameof(PlanOptions.MaxUploadBytes)} rules out"
        : bytes > _options.MaxUploadBytes ? $"{bytes} bytes cross the cut, more than {nameof(PlanOptions.MaxUploadBytes)} {_options.MaxUploadBytes}"
        : null;
}
