using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>Finds every tensor of a model: initializers, attributes, bodies of control flow, functions. The limits of parsing also limit the depth.</summary>
internal static class TensorWalk
{
    public static IEnumerable<TensorProto> Tensors(ModelProto model) =>
        Tensors(model.Graph).Concat(model.Functions.SelectMany(static f => f.Node.SelectMany(Tensors).Concat(f.AttributeProto.SelectMany(Tensors))));

    private static IEnumerable<TensorProto> Tensors(GraphProto graph) =>
        [.. graph.Initializer, .. graph.SparseInitializer.SelectMany(Tensors), .. graph.Node.SelectMany(Tensors)];

    private static IEnumerable<TensorProto> Tensors(NodeProto node) => node.Attribute.SelectMany(Tensors);

    private static IEnumerable<TensorProto> Tensors(AttributeProto attribute)
    {
        foreach (var tensor in attribute.Tensors) yield return tensor;
        if (attribute.T is not null) yield return attribute.T;
        foreach (var tensor in attribute.SparseTensors.SelectMany(Tensors)) yield return tensor;
        if (attribute.SparseTensor is not null)
            foreach (var tensor in Tensors(attribute.SparseTensor)) yield return tensor;
        if (attribute.G is not null)
            foreach (var tensor in Tensors(attribute.G)) yield return tensor;
        foreach (var tensor in attribute.Graphs.SelectMany(Tensors)) yield return tensor;
    }

    private static IEnumerable<TensorProto> Tensors(SparseTensorProto sparse)
    {
        if (sparse.Values is not null) yield return sparse.Values;
        if (sparse.Indices is not null) yield return sparse.Indices;
    }
}
