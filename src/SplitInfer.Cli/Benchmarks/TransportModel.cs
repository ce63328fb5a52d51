using System.Text;
using SplitInfer.Models;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A model of one node, which takes bytes and yields the first <see cref="TransportBenchmark.ReplyBytes"/> of them.</summary>
internal static class TransportModel
{
    // Protocol buffers: numbers are written plainly, everything else as its length and its bytes.
    private const int Plain = 0, Delimited = 2;

    // Of ONNX: the element type, the types of attributes, and the versions of the format and of the operators, whose Slice has attributes.
    private const int UInt8 = 2, Integers = 7, FormatVersion = 4, OperatorVersion = 9;

    /// <summary>Plans the model for as many bytes.</summary>
    public static PartitionedModel Load(int bytes)
    {
        byte[] node = [.. Text(1, "bytes"), .. Text(2, "reply"), .. Text(4, "Slice"), .. Bounds("starts", 0), .. Bounds("ends", TransportBenchmark.ReplyBytes)];
        byte[] graph = [.. Message(1, node), .. Text(2, "transport"), .. Value(11, "bytes", bytes), .. Value(12, "reply", TransportBenchmark.ReplyBytes)];
        byte[] model = [.. Number(1, FormatVersion), .. Message(7, graph), .. Message(8, Number(2, OperatorVersion))];
        return PartitionedModel.From(OnnxModel.Parse(model, source: "the model of the benchmark"));
    }

    private static byte[] Bounds(string name, int bound) => Message(5, [.. Text(1, name), .. Number(8, bound), .. Number(20, Integers)]);

    private static byte[] Value(int field, string name, int size)
    {
        byte[] tensor = [.. Number(1, UInt8), .. Message(2, Message(1, Number(1, size)))];
        return Message(field, [.. Text(1, name), .. Message(2, Message(1, tensor))]);
    }

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] content) => [.. Varint((field << 3) | Delimited), .. Varint(content.Length), .. content];

    private static byte[] Number(int field, int number) => [.. Varint((field << 3) | Plain), .. Varint(number)];

    private static byte[] Varint(int number) => number < 0x80 ? [(byte)number] : [(byte)(number | 0x80), .. Varint(number >> 7)];
}
