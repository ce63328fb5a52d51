using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.Tailoring.Tests.Surgery;

/// <summary>Runs models before and after a transformation in ONNX Runtime alone, and compares.</summary>
internal static class TransformationCheck
{
    /// <summary>Transforms a model and asserts that its outputs on random inputs stay the same within a tolerance.</summary>
    /// <param name="model">The model.</param>
    /// <param name="transformation">What changes it.</param>
    /// <param name="tolerance">For |actual − expected| / (1 + |expected|).</param>
    /// <param name="seed">Of the inputs.</param>
    /// <returns>The changed model.</returns>
    public static TransformedModel AssertSame(byte[] model, ModelTransformation transformation, double tolerance = 1e-4, int seed = 1)
    {
        var transformed = transformation.Apply(OnnxModel.Parse(model));
        var difference = Difference(model, transformed.Bytes.ToArray(), Inputs(model, seed));
        Assert.True(difference.IsWithin(tolerance), $"differs by {difference.MaxMixed:G3}; {string.Join("; ", transformed.Changes)}");
        return transformed;
    }

    /// <summary>How far the outputs of a model are from those of another one.</summary>
    public static TensorDifference Difference(byte[] expected, byte[] actual, params (string Name, TensorValue Value)[] inputs)
    {
        var (left, right) = (PlainRun.Of(expected, inputs), PlainRun.Of(actual, inputs));
        Assert.Equal(left.Length, right.Length);
        var difference = left.Zip(right, TensorDifference.Between).Aggregate(TensorDifference.None, static (all, one) => all.Or(one));
        foreach (var tensor in left.Concat(right)) tensor.Dispose();
        return difference;
    }

    /// <summary>Random inputs for a model of small test graphs, whose symbols are rows and cols.</summary>
    public static (string Name, TensorValue Value)[] Inputs(byte[] model, int seed)
    {
        var random = new Random(seed);
        return [.. Declared(Proto(model)).Select(input => (input.Name, RandomTensor.Normal(random, (ElementType)input.Type.TensorType.ElemType, [.. input.Type.TensorType.Shape.Dim.Select(static d => d.DimParam switch { "" => d.DimValue, "rows" => 3, "cols" => 4, _ => 1 })])))];
    }

    /// <summary>The message of a model.</summary>
    public static ModelProto Proto(ReadOnlyMemory<byte> model) => ModelProto.Parser.ParseFrom(model.Span);

    /// <summary>The operators of a model, in order.</summary>
    public static string[] Operators(TransformedModel model) => [.. Proto(model.Bytes).Graph.Node.Select(static n => n.OpType)];

    /// <summary>Asserts that a model is refused, and gives the reason.</summary>
    public static string AssertRefused(GraphBuilder graph, ModelTransformation transformation)
    {
        var refusal = Assert.Throws<TransformationRefusedException>(() => transformation.Apply(OnnxModel.Parse(graph.ToBytes())));
        Assert.Equal(transformation.Name, refusal.Transformation);
        return refusal.Reason;
    }

    private static IEnumerable<ValueInfoProto> Declared(ModelProto model) => model.Graph.Input.Where(i => model.Graph.Initializer.All(w => w.Name != i.Name));
}
