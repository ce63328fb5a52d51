using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Replaces weights that a model makes by <c>ConstantOfShape</c> with seeded random initializers, so that its answers depend on its
/// input. Each is scaled by where it is used, so that activations neither vanish nor explode.
/// </summary>
public static class RandomWeights
{
    /// <summary>Reads a model, replaces its weights, and writes it.</summary>
    public static void Rewrite(string from, string to, int seed = 1)
    {
        var model = ModelBytes.Read(from);
        Rewrite(model, new Random(seed));
        File.WriteAllBytes(to, ModelBytes.Of(model));
    }

    internal static void Rewrite(ModelProto model, Random random)
    {
        var graph = model.Graph;
        var uses = new WeightUses(graph);
        var initializers = graph.Initializer.ToDictionary(static t => t.Name);
        foreach (var node in graph.Node.Where(static n => n.OpType == "ConstantOfShape").ToArray())
        {
            if (!initializers.TryGetValue(node.Input[0], out var sizes)) continue;
            using var shape = TensorProtoReader.Read(sizes);
            if (uses.ScaleOf(node.Output[0], shape.Span<long>()) is not var (mean, deviation)) continue;

            using var weight = RandomTensor.Uniform(random, ElementType.Float32, mean, deviation, shape.Span<long>());
            var initializer = TensorProtoWriter.Write(weight, node.Output[0]);
            graph.Initializer.Add(initializer);
            if (model.IrVersion < 4) graph.Input.Add(Infos.Of(initializer));
            graph.Node.Remove(node);
        }

        RemoveUnused(graph);
    }

    private static void RemoveUnused(GraphProto graph)
    {
        var used = graph.Node.SelectMany(static n => n.Input).ToHashSet();
        foreach (var unused in graph.Initializer.Where(t => !used.Contains(t.Name)).ToArray())
        {
            graph.Initializer.Remove(unused);
            foreach (var input in graph.Input.Where(i => i.Name == unused.Name).ToArray()) graph.Input.Remove(input);
        }
    }
}
