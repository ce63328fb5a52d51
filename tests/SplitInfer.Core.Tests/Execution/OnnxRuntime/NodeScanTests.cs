using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public class NodeScanTests
{
    [Fact]
    public void It_finds_what_the_parser_finds() => Sampled.Check(seed: 21, 40, static random =>
    {
        var bytes = RandomDag.Build(random.Next()).ToBytes();
        var nodes = SplitInfer.Models.Onnx.ModelProto.Parser.ParseFrom(bytes).Graph.Node;

        var producers = NodeScan.Producers(bytes);

        Assert.Equal(nodes.SelectMany(static n => n.Output).Distinct().Order(), producers.Keys.Order());
        Assert.All(nodes, node => Assert.All(node.Output, output => Assert.Equal((node.Domain, node.OpType), producers[output])));
    });

    [Fact]
    public void It_survives_what_is_no_model() => Sampled.Check(seed: 22, 200, static random =>
    {
        var bytes = RandomDag.Build(1).ToBytes()[..random.Next(400)];
        for (var i = random.Next(20); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

        Assert.NotNull(NodeScan.Producers(bytes));
    });
}
