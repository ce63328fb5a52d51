using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>The constant tensors that a graph states: its initializers, and the tensors and whole numbers of its <c>Constant</c> nodes.</summary>
internal sealed class ConstantTensors
{
    private readonly Dictionary<string, TensorProto> _tensors = new(StringComparer.Ordinal);

    /// <summary>Looks at a graph. Of two constants with one name, which no valid graph has, the first counts, initializers before nodes.</summary>
    public ConstantTensors(GraphProto graph)
    {
        foreach (var initializer in graph.Initializer) _tensors.TryAdd(initializer.Name, initializer);
        foreach (var node in graph.Node)
            if (node is { OpType: "Constant", Domain: "" or "ai.onnx", Output: [var name], Attribute: [var only] } && TensorOf(only) is { } tensor) _tensors.TryAdd(name, tensor);
    }

    /// <summary>The constant of that name; null if the graph states none.</summary>
    public TensorProto? Find(string name) => _tensors.GetValueOrDefault(name);

    private static TensorProto? TensorOf(AttributeProto attribute) => attribute.Name switch
    {
        "value" => attribute.T,
        "value_int" => new() { DataType = (int)ElementType.Int64, Int64Data = { attribute.I } },
        "value_ints" => new() { DataType = (int)ElementType.Int64, Dims = { attribute.Ints.Count }, Int64Data = { attribute.Ints } },
        _ => null,
    };
}
