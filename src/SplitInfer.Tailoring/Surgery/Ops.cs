using Google.Protobuf;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Reads and writes nodes.</summary>
internal static class Ops
{
    /// <summary>Whether a node is the operator of that name of ONNX's own domain.</summary>
    public static bool Is(NodeProto node, string operation) => node.Domain is "" or "ai.onnx" && node.OpType == operation;

    /// <summary>Whether a node is one of those operators of ONNX's own domain.</summary>
    public static bool IsOneOf(NodeProto node, params ReadOnlySpan<string> operations) => node.Domain is "" or "ai.onnx" && operations.Contains(node.OpType);

    /// <summary>An input that may be left out; empty where it is.</summary>
    public static string Input(NodeProto node, int place) => place < node.Input.Count ? node.Input[place] : "";

    /// <summary>A whole-number attribute.</summary>
    public static long Integer(NodeProto node, string name, long otherwise) => node.Attribute.FirstOrDefault(a => a.Name == name)?.I ?? otherwise;

    /// <summary>An attribute of whole numbers; null where there is none.</summary>
    public static long[]? Integers(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name)?.Ints.ToArray();

    /// <summary>A float attribute.</summary>
    public static float Float(NodeProto node, string name, float otherwise) => node.Attribute.FirstOrDefault(a => a.Name == name)?.F ?? otherwise;

    /// <summary>A text attribute.</summary>
    public static string Text(NodeProto node, string name, string otherwise) => node.Attribute.FirstOrDefault(a => a.Name == name)?.S.ToStringUtf8() ?? otherwise;

    /// <summary>A node with one output.</summary>
    public static NodeProto Node(string operation, string name, ReadOnlySpan<string> inputs, string output, params ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = operation, Name = name, Output = { output } };
        foreach (var input in inputs) node.Input.Add(input);
        foreach (var attribute in attributes) node.Attribute.Add(attribute);
        return node;
    }

    /// <summary>A whole-number attribute to be written.</summary>
    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>An attribute of whole numbers to be written.</summary>
    public static AttributeProto Attribute(string name, params long[] values) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    /// <summary>A text attribute to be written.</summary>
    public static AttributeProto Attribute(string name, string value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>Sets an attribute over the one of its name, if there is one.</summary>
    public static void Set(NodeProto node, AttributeProto attribute)
    {
        Remove(node, attribute.Name);
        node.Attribute.Add(attribute);
    }

    /// <summary>Removes an attribute if there is one.</summary>
    public static void Remove(NodeProto node, string name)
    {
        if (node.Attribute.FirstOrDefault(a => a.Name == name) is { } found) node.Attribute.Remove(found);
    }
}
