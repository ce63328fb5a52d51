using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Runs models whole and cut, both in ONNX Runtime.</summary>
internal static class SplitRun
{
    private const double Tolerance = 1e-4;

    public static ExecutionOptions Execution { get; } = new() { IntraOpThreads = 1 };

    public static PartitionedModel Plan(GraphBuilder graph, PlanOptions? options = null) => Plan(graph.ToBytes(), options);

    public static PartitionedModel Plan(byte[] model, PlanOptions? options = null) => PartitionedModel.From(OnnxModel.Parse(model), options, Execution);

    /// <summary>Cuts a model at every admissible place and compares each result with that of the file as it is.</summary>
    /// <returns>The partitions that were run.</returns>
    public static int[] CheckEveryCut(GraphBuilder graph, params TensorValue[] inputs) => CheckEveryCut(graph.ToBytes(), inputs);

    /// <summary>Cuts a model at every admissible place and compares each result with that of the file as it is.</summary>
    public static int[] CheckEveryCut(byte[] bytes, params TensorValue[] inputs)
    {
        var model = Plan(bytes);
        ImmutableArray<TensorValue> given = inputs.Length > 0 ? [.. inputs] : model.MakeInputs(seed: 1);
        var expected = Whole(bytes, model, given);
        int[] cuts = [.. model.Plan.Partitions.Where(static p => p.IsAdmissible).Select(static p => p.Index)];
        foreach (var k in cuts)
        {
            var actual = Cut(model, k, given);
            Assert.Equal(model.Plan.Outputs.Length, actual.Length);
            for (var i = 0; i < actual.Length; i++)
            {
                // What other outputs are made of on the device is no output of the file.
                if (!expected.TryGetValue(model.Plan.Outputs[i].Name, out var whole)) continue;
                var difference = TensorDifference.Between(whole, actual[i]);
                Assert.True(difference.IsWithin(Tolerance), $"Partition {k}: output '{model.Plan.Outputs[i].Name}' differs by {difference}.");
            }
        }

        return cuts;
    }

    /// <summary>Runs head, boundary and tail of one partition.</summary>
    public static TensorValue[] Cut(PartitionedModel model, int k, ImmutableArray<TensorValue> inputs)
    {
        var (partition, route) = (model.Plan.Partitions[k], model.Route(k));
        var head = Run(model.Head(k), [.. route.HeadInputs.Select(i => inputs[i])]);
        var boundary = route.Boundary.Select(b => Pick(b, inputs, head, [])).ToArray();
        CheckLayout(partition.Boundary, boundary);
        Assert.Equal(partition.Boundary, model.Tail(k).Inputs.AsEnumerable());
        var tail = Run(model.Tail(k), boundary);
        CheckLayout(partition.TailOutputs, tail);
        return [.. route.Outputs.Select(o => Pick(o, inputs, head, tail))];
    }

    private static Dictionary<string, TensorValue> Whole(byte[] bytes, PartitionedModel model, ImmutableArray<TensorValue> inputs)
    {
        using var session = Execution.Engine.Load(bytes, Execution);
        var values = session.RunForValues([.. model.Plan.Inputs.Select(static i => i.Name)], inputs.AsSpan(), CancellationToken.None);
        return session.Outputs.Zip(values).Where(static o => o.Second.Tensor is not null).DistinctBy(static o => o.First.Name)
            .ToDictionary(static o => o.First.Name, static o => o.Second.Tensor!, StringComparer.Ordinal);
    }

    private static TensorValue[] Run(SegmentModel segment, TensorValue[] inputs)
    {
        if (segment.IsEmpty) return [];
        using var session = segment.Load(Execution);
        Assert.Equal(segment.Inputs.Select(static i => i.Name), session.Inputs.Select(static i => i.Name));
        Assert.Equal(segment.Outputs.Select(static o => o.Name), session.Outputs.Select(static o => o.Name));
        var outputs = new TensorValue[segment.Outputs.Length];
        session.Run(inputs, outputs);
        return outputs;
    }

    /// <summary>What travels is what the other end works out from the stated sizes.</summary>
    private static void CheckLayout(ImmutableArray<TensorSpec> specs, TensorValue[] tensors)
    {
        if (specs.Any(static s => s.Type == ElementType.Text)) return;
        var layout = BoundaryLayout.For(specs);
        Assert.Equal(tensors.Select(static t => t.Shape), layout.Resolve(layout.Measure(tensors).AsSpan(), SizeLimits.Default).AsEnumerable());
    }

    private static TensorValue Pick(ValueSource source, ImmutableArray<TensorValue> inputs, TensorValue[] head, TensorValue[] tail) => source.Origin switch
    {
        ValueOrigin.Input => inputs[source.Index],
        ValueOrigin.Head => head[source.Index],
        _ => tail[source.Index],
    };
}
