using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using static SplitInfer.Models.Onnx.AttributeProto.Types;

namespace SplitInfer.Testing;

/// <summary>The value of a node's attribute, made of whatever ONNX allows there.</summary>
public sealed class AttributeValue
{
    private readonly AttributeProto _proto;

    private AttributeValue(AttributeProto proto) => _proto = proto;

    /// <summary>A whole number, or a truth value.</summary>
    public static implicit operator AttributeValue(long value) => new(new() { Type = AttributeType.Int, I = value });

    /// <summary>A number.</summary>
    public static implicit operator AttributeValue(float value) => new(new() { Type = AttributeType.Float, F = value });

    /// <summary>A text.</summary>
    public static implicit operator AttributeValue(string value) => new(new() { Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) });

    /// <summary>Whole numbers.</summary>
    public static implicit operator AttributeValue(long[] value) => new(new() { Type = AttributeType.Ints, Ints = { value } });

    /// <summary>Numbers.</summary>
    public static implicit operator AttributeValue(float[] value) => new(new() { Type = AttributeType.Floats, Floats = { value } });

    /// <summary>Texts.</summary>
    public static implicit operator AttributeValue(string[] value) =>
        new(new() { Type = AttributeType.Strings, Strings = { value.Select(ByteString.CopyFromUtf8) } });

    /// <summary>A tensor; a copy is taken.</summary>
    public static implicit operator AttributeValue(TensorValue value) => new(new() { Type = AttributeType.Tensor, T = TensorProtoWriter.Write(value, "") });

    /// <summary>A sub-graph, as it is at this moment.</summary>
    public static implicit operator AttributeValue(GraphBuilder value) => new(new() { Type = AttributeType.Graph, G = value.Graph.Clone() });

    internal AttributeProto ToProto(string name)
    {
        var proto = _proto.Clone();
        proto.Name = name;
        return proto;
    }
}
