using System.Collections.Immutable;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning.Probing;

namespace SplitInfer.Partitioning;

/// <summary>Creates the segments of a plan's partitions, and describes how values flow between them.</summary>
internal sealed class SegmentBuilder(ModelGraph graph, ValueCatalog catalog, PartitionPlan plan)
{
    private readonly SignedEnds _signedEnds = new(graph.Model.Graph);

    /// <summary>See <see cref="PartitionedModel.Head"/>.</summary>
    public SegmentModel Head(int k)
    {
        Check(k);
        return Write(graph.Nodes[..k], HeadInputs(k), HeadOutputs(k), taken: [], yielded: WideAt(k), CrossingAt(k));
    }

    /// <summary>See <see cref="PartitionedModel.Tail"/>.</summary>
    public SegmentModel Tail(int k)
    {
        Check(k);
        var partition = plan.Partitions[k];
        return Write(graph.Nodes[k..], [.. partition.Boundary.Select(ValueInfos.Of)], [.. partition.TailOutputs.Select(static o => o.Name)], taken: WideAt(k), yielded: [], CrossingAt(k));
    }

    /// <summary>See <see cref="PartitionedModel.Between"/>.</summary>
    public SegmentModel Between(int from, int to)
    {
        Check(from);
        Check(to);
        var read = graph.Reads[from..to].SelectMany(static reads => reads).ToHashSet(StringComparer.Ordinal);
        GraphValue[] made = [.. graph.Values.Where(v => v.Producer >= from && v.Producer < to)];
        string[] outputs = [.. made.Where(v => v.Crosses(to)).Select(v => catalog.Crossing(v).Spec.Name).Concat(made.Where(static v => v.IsOutput).Select(static v => v.Name)).Distinct(StringComparer.Ordinal)];
        return Write(
            graph.Nodes[from..to], [.. CrossingAt(from).Where(v => read.Contains(v.Name)).Select(v => ValueInfos.Of(catalog.Crossing(v).Spec))], outputs,
            taken: WideAt(from), yielded: [.. made.Where(v => v.Crosses(to) && catalog.Wide.Has(v)).Select(static v => v.Name)], CrossingAt(from).Union(CrossingAt(to)));
    }

    /// <summary>See <see cref="PartitionedModel.Route"/>.</summary>
    public Routing Route(int k)
    {
        Check(k);
        return Routing.Of(
            plan.Partitions[k], [.. graph.Inputs.Select(static i => i.Name)], [.. HeadInputs(k).Select(static i => i.Name)], HeadOutputs(k), graph.Outputs.Select(static o => o.Name));
    }

    private ValueInfoProto[] HeadInputs(int k)
    {
        var read = graph.Reads[..k].SelectMany(static reads => reads).ToHashSet(StringComparer.Ordinal);
        return [.. graph.Inputs.Where(i => read.Contains(i.Name))];
    }

    private string[] HeadOutputs(int k) =>
    [
        .. graph.Values.Where(v => v.Crosses(k) && v.Producer != GraphValue.Fed).Select(v => catalog.Crossing(v).Spec.Name)
            .Concat(graph.Outputs.Select(static o => o.Name).Where(name => graph.IsConstant(name)))
            .Concat(graph.Values.Where(v => v.IsOutput && v.Producer != GraphValue.Fed && v.Producer < k).Select(static v => v.Name))
            .Distinct(StringComparer.Ordinal),
    ];

    private IEnumerable<GraphValue> CrossingAt(int k) => graph.Values.Where(v => v.Crosses(k));

    /// <summary>The values that cross as float32 though the model has them as float16.</summary>
    private HashSet<string> WideAt(int k) => CrossingAt(k).Where(catalog.Wide.Has).Select(static v => v.Name).ToHashSet(StringComparer.Ordinal);

    private SegmentModel Write(ImmutableArray<GraphNode> nodes, IReadOnlyList<ValueInfoProto> inputs, IReadOnlyList<string> outputs, HashSet<string> taken, HashSet<string> yielded, IEnumerable<GraphValue> crossing)
    {
        var declared = graph.Outputs.DistinctBy(static o => o.Name).ToDictionary(static o => o.Name, StringComparer.Ordinal);
        var model = SegmentWriter.Write(graph, nodes, inputs, outputs.Select(o => declared.GetValueOrDefault(o) ?? new ValueInfoProto { Name = o }));
        catalog.Wide.Widen(model, taken, yielded);
        _signedEnds.Convert(model, crossing);
        return new(model, [.. inputs.Select(i => catalog[i.Name].Spec)], [.. outputs.Select(o => catalog[o].Spec)], graph.Model.ExternalCopy);
    }

    private void Check(int k)
    {
        if (k < 0 || k >= plan.Partitions.Length) throw new ArgumentException($"There is no partition {k}; the model has 0 to {plan.Partitions.Length - 1}.", nameof(k));
        if (!plan.Partitions[k].IsPossible) throw new ArgumentException($"Partition {k} cannot be made: {plan.Partitions[k].InadmissibleReason}.", nameof(k));
    }
}
