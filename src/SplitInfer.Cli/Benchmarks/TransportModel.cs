using SplitInfer.Models;
using SplitInfer.Partitioning;
using static SplitInfer.Cli.Benchmarks.OnnxParts;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A model of one node, which takes bytes and yields the first <see cref="TransportBenchmark.ReplyBytes"/> of them.</summary>
internal static class TransportModel
{
    // Of ONNX: the element type, the types of attributes, and the versions of the format and of the operators, whose Slice has attributes.
    private const int UInt8 = 2, Integers = 7, FormatVersion = 4, OperatorVersion = 9;

    /// <summary>Plans the model for as many bytes.</summary>
    public static PartitionedModel Load(int bytes)
    {
        byte[] node = [.. Text(1, "bytes"), .. Text(2, "reply"), .. Text(4, "Slice"), .. Bounds("starts", 0), .. Bounds("ends", TransportBenchmark.ReplyBytes)];
        byte[] graph = [.. Message(1, node), .. Text(2, "transport"), .. Value(11, "bytes", UInt8, bytes), .. Value(12, "reply", UInt8, TransportBenchmark.ReplyBytes)];
        return PartitionedModel.From(OnnxModel.Parse(OnnxParts.Model(graph, FormatVersion, OperatorVersion), source: "the model of the benchmark"));
    }

    private static byte[] Bounds(string name, int bound) => Message(5, [.. Text(1, name), .. Number(8, bound), .. Number(20, Integers)]);
}
