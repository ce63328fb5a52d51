using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;

namespace SplitInfer.Core.Tests.Partitioning;

public class NodeCostTests
{
    private static readonly Dictionary<string, long[]> Shapes = new()
    {
        ["image"] = [1, 6, 10, 10], ["kernel"] = [8, 3, 3, 3], ["maps"] = [1, 8, 10, 10],
        ["up"] = [6, 4, 2, 2], ["large"] = [1, 4, 20, 20],
        ["a"] = [2, 5, 7], ["b"] = [2, 7, 3], ["ab"] = [2, 5, 3], ["at"] = [7, 5], ["flat"] = [5, 3],
        ["steps"] = [10, 2, 4], ["w"] = [1, 20, 4], ["r"] = [1, 20, 5], ["states"] = [10, 1, 2, 5],
        ["q"] = [1, 16, 32], ["k"] = [1, 9, 32], ["qkv"] = [32, 96],
    };

    [Theory]
    [InlineData("Conv", "image kernel", "maps", 800 * 27, 0)]
    [InlineData("ConvInteger", "image kernel", "maps", 800 * 27, 0)]
    [InlineData("QLinearConv", "image - - kernel", "maps", 800 * 27, 0)]
    [InlineData("ConvTranspose", "image up", "large", 600 * 16, 0)]
    [InlineData("MatMul", "a b", "ab", 0, 30 * 7)]
    [InlineData("MatMulInteger", "a b", "ab", 0, 30 * 7)]
    [InlineData("Gemm", "at b", "flat", 0, 15 * 5)]
    [InlineData("LSTM", "steps w r", "states", 0, 20 * (80 + 100))]
    [InlineData("Einsum:bij, bjk -> bik", "a b", "ab", 0, 2 * 5 * 7 * 3)]
    [InlineData("Einsum:...ij,...jk->...ik", "a b", "ab", 0, 30)]
    [InlineData("com.microsoft.Attention", "q qkv", "q", 0, 16 * 32 * 96 + 2 * 16 * 16 * 32)]
    [InlineData("com.microsoft.MultiHeadAttention", "q k k", "q", 0, 2 * 16 * 32 * 9)]
    public void Products_are_counted(string op, string inputs, string output, double conv, double matMul)
    {
        var cost = Of(op, inputs, output);

        Assert.Equal((conv, matMul), (cost.Conv.Macs, cost.MatMul.Macs));
        Assert.Equal(1, cost.Nodes);
    }

    [Fact]
    public void A_transposed_factor_is_read_the_other_way()
    {
        var gemm = new NodeProto { OpType = "Gemm", Input = { "at", "b" }, Output = { "flat" }, Attribute = { new AttributeProto { Name = "transA", I = 1 } } };

        Assert.Equal(15 * 7, NodeCost.Of(gemm, ShapeOf).MatMul.Macs);
    }

    [Fact]
    public void Other_nodes_count_the_elements_that_they_yield() =>
        Assert.Equal(new SegmentCost(default, default, new(800 + 30, 1)), Of("Split", "image", "maps ab"));

    [Fact]
    public void Shapes_that_are_not_known_count_nothing() =>
        Assert.Equal(new SegmentCost(new(0, 1), default, default), Of("Conv", "image kernel", "unknown"));

    private static SegmentCost Of(string op, string inputs, string outputs)
    {
        var (name, equation) = op.Split(':') is [var n, var e] ? (n, e) : (op, "");
        var node = new NodeProto { OpType = name.Split('.')[^1], Domain = name.Contains('.', StringComparison.Ordinal) ? "com.microsoft" : "" };
        node.Input.Add(inputs.Split(' ').Select(static i => i == "-" ? "" : i));
        node.Output.Add(outputs.Split(' '));
        if (equation.Length > 0) node.Attribute.Add(new AttributeProto { Name = "equation", S = Google.Protobuf.ByteString.CopyFromUtf8(equation) });
        return NodeCost.Of(node, ShapeOf);
    }

    private static System.Collections.Immutable.ImmutableArray<long> ShapeOf(string name) => Shapes.TryGetValue(name, out var shape) ? [.. shape] : default;
}
