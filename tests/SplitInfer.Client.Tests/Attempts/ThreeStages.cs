using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// A model of three stages in a row, of which only the plan is real: each stage doubles its values and adds its number, so that
/// a stage that is left out, run twice or fed with other values shows in the result.
/// </summary>
internal static class ThreeStages
{
    public const int Count = 3;

    /// <summary>Elements of every value.</summary>
    public const int Size = 4;

    private static readonly Lazy<PartitionedModel> Planned = new(Plan);

    public static PartitionedModel Model => Planned.Value;

    /// <summary>Runs the stages from <paramref name="first"/> up to but without <paramref name="last"/>.</summary>
    public static float[] Run(float[] values, int first, int last)
    {
        for (var stage = first; stage < last; stage++) values = [.. values.Select(v => (2 * v) + stage + 1)];
        return values;
    }

    /// <summary>The input of a request, which is like that of no other.</summary>
    public static float[] Input(int request) => [.. Enumerable.Range(0, Size).Select(i => (float)((request * Size) + i))];

    /// <summary>What the model makes of it.</summary>
    public static float[] Output(int request) => Run(Input(request), 0, Count);

    private static PartitionedModel Plan()
    {
        var graph = new GraphBuilder();
        var x = graph.Input("x", ElementType.Float32, Size);
        graph.Output(graph.Tanh(graph.Sigmoid(graph.Relu(x))), "y");
        return PartitionedModel.From(OnnxModel.Parse(graph.ToBytes()), execution: new() { IntraOpThreads = 1 });
    }
}
