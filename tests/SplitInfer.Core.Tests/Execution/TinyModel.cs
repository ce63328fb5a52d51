using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Execution;

/// <summary>Writes models of a few nodes.</summary>
internal sealed class TinyModel
{
    private readonly ModelProto _model = new()
    {
        IrVersion = 10,
        Graph = new() { Name = "tiny" },
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 21 } },
    };

    /// <summary>The model that yields its one input.</summary>
    public static byte[] Identity(ElementType type, params object[] dimensions) => new TinyModel()
        .Input("x", type, dimensions).Output("y", type, dimensions).Node("Identity", ["x"], ["y"]).ToBytes();

    /// <param name="name">The name of the input.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="dimensions">A number, a symbol, or null for a dimension without either; a null list for an unknown rank.</param>
    public TinyModel Input(string name, ElementType type, params object?[]? dimensions)
    {
        _model.Graph.Input.Add(Value(name, type, dimensions));
        return this;
    }

    public TinyModel Output(string name, ElementType type, params object?[]? dimensions)
    {
        _model.Graph.Output.Add(Value(name, type, dimensions));
        return this;
    }

    public TinyModel Output(ValueInfoProto value)
    {
        _model.Graph.Output.Add(value);
        return this;
    }

    public TinyModel Initializer(TensorProto tensor)
    {
        _model.Graph.Initializer.Add(tensor);
        return this;
    }

    public TinyModel Initializer(string name, float[] values, params long[] dimensions)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)ElementType.Float32 };
        tensor.Dims.AddRange(dimensions);
        tensor.FloatData.AddRange(values);
        return Initializer(tensor);
    }

    public TinyModel Node(string operation, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);
        _model.Graph.Node.Add(node);
        return this;
    }

    public byte[] ToBytes() => _model.ToByteArray();

    /// <summary>The graph, for use as the body of another one.</summary>
    public GraphProto ToGraph() => _model.Graph;

    private static ValueInfoProto Value(string name, ElementType type, object?[]? dimensions)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type };
        if (dimensions is not null)
        {
            tensor.Shape = new();
            foreach (var dimension in dimensions)
            {
                tensor.Shape.Dim.Add(dimension switch
                {
                    null => new TensorShapeProto.Types.Dimension(),
                    string symbol => new TensorShapeProto.Types.Dimension { DimParam = symbol },
                    _ => new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(dimension) },
                });
            }
        }

        return new() { Name = name, Type = new() { TensorType = tensor } };
    }
}
