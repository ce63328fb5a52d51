using System.Runtime.InteropServices;
using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// What is quantised to int8 at the ends of a segment. On x86 the engine computes in uint8: inside a model it changes both ends of a value,
/// its quantisation and its dequantisation, and only then fuses the operators around it. A segment has one of the two, so the other is put in:
/// the value crosses as int8, and each segment converts it, exactly, between the cut and what it computes.
/// </summary>
internal sealed class SignedEnds
{
    private const string Quantize = "QuantizeLinear", Dequantize = "DequantizeLinear";

    // uint8 128 stands for what int8 0 does.
    private const int Shift = 128;

    private readonly HashSet<string> _convertible;
    private readonly string _unsigned, _wide;

    /// <summary>Looks at the quantised values of a file.</summary>
    public SignedEnds(GraphProto graph)
    {
        _convertible = IsUnsignedMachine ? Convertible(graph) : [];
        (_unsigned, _wide) = _convertible.Count > 0 ? (FreshNames.Suffix(graph, "/uint8"), FreshNames.Suffix(graph, "/float")) : ("", "");
    }

    // On others the engine computes in int8 as well.
    private static bool IsUnsignedMachine => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    /// <summary>
    /// The quantised values that the engine may convert: those that one node dequantises, for one node or as an output. Where there are more it
    /// repeats the dequantisation for each, and converts none.
    /// </summary>
    private static HashSet<string> Convertible(GraphProto graph)
    {
        var quantized = graph.Node.Where(static n => n.OpType == Quantize && n.Output.Count == 1).Select(static n => n.Output[0]).ToHashSet(StringComparer.Ordinal);
        if (quantized.Count == 0) return quantized;
        var outputs = graph.Output.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        var readers = graph.Node.SelectMany(static n => n.Input.Concat(Captures.Of(n)).Select(input => (input, n))).ToLookup(static r => r.input, static r => r.n, StringComparer.Ordinal);
        quantized.RemoveWhere(value => outputs.Contains(value) || readers[value].ToArray() is not [{ OpType: Dequantize, Output: [var wide] }] || readers[wide].Count() + (outputs.Contains(wide) ? 1 : 0) != 1);
        return quantized;
    }

    /// <summary>Converts the ends of a segment.</summary>
    /// <param name="segment">The segment, which is changed; its nodes are not, but replaced.</param>
    /// <param name="crossing">The values that cross the cut.</param>
    public void Convert(ModelProto segment, IEnumerable<GraphValue> crossing)
    {
        if (_convertible.Count == 0) return;
        var quantized = crossing.Select(static v => v.Name).Where(_convertible.Contains).ToHashSet(StringComparer.Ordinal);
        if (quantized.Count == 0) return;
        var graph = segment.Graph;
        var zeroPoints = new ZeroPoints(graph, _unsigned);
        NodeProto[] nodes = [.. graph.Node];
        var taken = graph.Input.Select(static i => i.Name).Where(quantized.Contains).ToHashSet(StringComparer.Ordinal);
        // A value that something else reads as well stays as it is, inside the whole model too.
        var ends = nodes.Where(n => zeroPoints.IsSigned(n)).Select(n => n.OpType == Dequantize ? n.Input[0] : n.Output[0]).Where(quantized.Contains).ToHashSet(StringComparer.Ordinal);
        ends.ExceptWith(nodes.Where(n => n.OpType != Dequantize || !zeroPoints.IsSigned(n)).SelectMany(static n => n.Input.Concat(Captures.Of(n))));
        if (ends.Count == 0) return;
        graph.Node.Clear();
        foreach (var node in nodes)
        {
            if (node.OpType == Quantize && ends.Contains(node.Output[0]))
            {
                AddQuantization(node, node.Input[0], node.Output[0] + _unsigned);
                AddConversion(node, node.Output[0] + _unsigned, zeroPoints.Unsigned(node), node.Output[0], node.Input[2]);
            }
            else if (node.OpType == Dequantize && ends.Contains(node.Input[0]))
            {
                if (taken.Remove(node.Input[0])) AddConversion(node, node.Input[0], node.Input[2], node.Input[0] + _unsigned, zeroPoints.Unsigned(node));
                graph.Node.Add(Node(Dequantize, node, node.Input[0] + _unsigned, node.Output[0], zeroPoints.Unsigned(node)));
            }
            else
            {
                graph.Node.Add(node);
            }
        }

        void AddQuantization(NodeProto like, string from, string to) => graph.Node.Add(Node(Quantize, like, from, to, zeroPoints.Unsigned(like)));

        void AddConversion(NodeProto like, string from, string fromZero, string to, string toZero)
        {
            graph.Node.Add(Node(Dequantize, like, from, from + _wide, fromZero));
            graph.Node.Add(Node(Quantize, like, from + _wide, to, toZero));
        }
    }

    private static NodeProto Node(string operation, NodeProto like, string input, string output, string zeroPoint) => new()
    {
        OpType = operation,
        Name = $"{output}/{operation}",
        Domain = like.Domain,
        Input = { input, like.Input[1], zeroPoint },
        Output = { output },
        Attribute = { like.Attribute.Where(static a => a.Name is "axis" or "saturate") },
    };

    /// <summary>The zero points of a segment, and those that take their place.</summary>
    private sealed class ZeroPoints(GraphProto graph, string suffix)
    {
        private readonly ConstantTensors _constants = new(graph);

        private readonly HashSet<string> _added = new(StringComparer.Ordinal);

        public bool IsSigned(NodeProto node) =>
            node.OpType is Quantize or Dequantize && node.Input.Count == 3 && _constants.Find(node.Input[2]) is { } zero
            && (ElementType)zero.DataType == ElementType.Int8 && zero.DataLocation == TensorProto.Types.DataLocation.Default;

        public string Unsigned(NodeProto node)
        {
            var name = node.Input[2] + suffix;
            if (!_added.Add(name)) return name;
            var zero = _constants.Find(node.Input[2])!;
            using var signed = TensorProtoReader.Read(zero);
            var shifted = new TensorProto { Name = name, DataType = (int)ElementType.UInt8, Dims = { zero.Dims } };
            shifted.RawData = ByteString.CopyFrom([.. signed.Span<sbyte>().ToArray().Select(static point => (byte)(point + Shift))]);
            graph.Initializer.Add(shifted);
            return name;
        }
    }
}
