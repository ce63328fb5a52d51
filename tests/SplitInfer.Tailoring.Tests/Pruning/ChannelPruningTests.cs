using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Pruning;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Pruning;

public sealed class ChannelPruningTests
{
    private const ElementType Float = ElementType.Float32;
    // More than the inputs of the layers, each of which the samples are to determine.
    private const int Samples = 160;

    /// <summary>Structures through which channels are followed; each layer has half of its channels twice, so that half can go without a loss.</summary>
    public static TheoryData<string> Structures => ["chain", "pool", "residual", "concat", "depthwise", "scaled", "flat", "reshaped", "hidden", "line"];

    [Theory]
    [MemberData(nameof(Structures))]
    public void Channels_that_others_can_stand_for_go_without_a_loss(string structure)
    {
        var model = Redundant(structure);
        var transformed = Pruned(model, new() { Share = 0.3 });
        var difference = Difference(model, transformed);
        Assert.True(difference < 0.02, $"{difference}; {string.Join("; ", transformed.Changes)}");
        Assert.True(transformed.Bytes.Length < 0.85 * model.Length, $"{transformed.Bytes.Length} of {model.Length}");
    }

    [Fact]
    public void Repair_gives_back_what_is_lost_without_it()
    {
        var model = ResNet18.Build(size: 32, classes: 10, width: 16).ToBytes();
        var normal = new Tailoring.Surgery.Normalization.Normalization().Apply(OnnxModel.Parse(model)).Bytes.ToArray();
        var (with, without) = (Difference(normal, Pruned(normal, new() { Share = 0.25 })), Difference(normal, Pruned(normal, new() { Share = 0.25, Repairs = false })));
        Assert.True(with < 0.6 * without, $"{with} with and {without} without");
    }

    [Theory]
    [InlineData("mobilenet_v2")]
    [InlineData("unet")]
    [InlineData("detector")]
    public void Networks_run_and_are_cheaper(string name)
    {
        var normal = new Tailoring.Surgery.Normalization.Normalization().Apply(OnnxModel.Parse(NetworkCatalog.All[name]().ToBytes())).Bytes.ToArray();
        var transformed = Pruned(normal, new() { Share = 0.1, Repairs = false });
        Assert.True(double.IsFinite(Difference(normal, transformed)));
        Assert.True(transformed.Bytes.Length < normal.Length);
        Assert.Contains("of the multiply-accumulates", transformed.Changes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_are_multiples_of_8()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Conv(g.Input("x", Float, 1, 3, 8, 8), 43));
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(g.Relu(g.Conv(x, 30)))), 5), "y");
        var graph = TransformationCheck.Proto(Pruned(g.ToBytes(), new() { Share = 0.3 }).Bytes).Graph;
        var convolutions = graph.Node.Where(static n => n.OpType == "Conv").Select(n => graph.Initializer.Single(i => i.Name == n.Input[1]).Dims[0]).ToArray();
        Assert.True(convolutions[0] < 43 || convolutions[1] < 30);
        Assert.All(convolutions, static count => Assert.True(count % 8 == 0 || count is 43 or 30, $"{count}"));
    }

    [Fact]
    public void What_the_graph_does_not_allow_is_refused()
    {
        var g = new GraphBuilder();
        g.Output(g.Conv(g.Input("x", Float, 1, 3, 8, 8), 32), "y");
        Assert.Contains("every channel reaches an output", Refusal(g, new()), StringComparison.Ordinal);
        var two = new GraphBuilder();
        two.Output(two.Conv(two.Relu(two.Conv(two.Input("x", Float, 1, 3, 8, 8), 32)), 32), "y");
        Assert.Contains("of the multiply-accumulates can go", Refusal(two, new() { Share = 0.9 }), StringComparison.Ordinal);
        var together = new GraphBuilder();
        var h = together.Conv(together.Input("x", Float, 1, 3, 8, 8), 32);
        together.Output(together.Conv(together.Softmax(h, axis: 1), 8), "y");
        Assert.Contains("every channel reaches", Refusal(together, new()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => new PruningOptions { Share = 1 }.Validate());
    }

    private static string Refusal(GraphBuilder graph, PruningOptions options) =>
        TransformationCheck.AssertRefused(graph, new ChannelPruning(new MemorySamples(2), PartitionedModel.Load((ReadOnlyMemory<byte>)graph.ToBytes()).Plan.Inputs, options));

    private static TransformedModel Pruned(byte[] model, PruningOptions options) =>
        new ChannelPruning(new MemorySamples(Samples), PartitionedModel.Load((ReadOnlyMemory<byte>)model).Plan.Inputs, options).Apply(OnnxModel.Parse(model));

    /// <summary>The root of the mean square of the error on another sample, relative to that of the output.</summary>
    private static double Difference(byte[] model, TransformedModel transformed)
    {
        var inputs = TransformationCheck.Inputs(model, seed: 1000);
        var (expected, actual) = (PlainRun.Of(model, inputs)[0], PlainRun.Of(transformed.Bytes.ToArray(), inputs)[0]);
        Assert.Equal(expected.Shape, actual.Shape);
        double error = 0, total = 0;
        for (var i = 0; i < expected.Span<float>().Length; i++)
        {
            error += Math.Pow(expected.Span<float>()[i] - actual.Span<float>()[i], 2);
            total += Math.Pow(expected.Span<float>()[i], 2);
        }

        return Math.Sqrt(error / total);
    }

    private static byte[] Redundant(string structure)
    {
        var g = new GraphBuilder(seed: 3);
        var line = structure == "line";
        var x = line ? g.Input("x", Float, 1, 8, 40) : g.Input("x", Float, 1, 8, 10, 10);
        var h = g.Relu(Twice(g, x, 32));
        h = structure switch
        {
            "chain" => g.Relu(g.Conv(h, 32)),
            "pool" => g.Conv(g.MaxPool(h), 32, stride: 2),
            "residual" => g.Relu(g.Add(h, Twice(g, h, 32))),
            "concat" => g.Conv(g.Concat(1, h, g.Relu(Twice(g, x, 16, kernel: 1)), h), 32, pad: 0),
            "depthwise" => g.Conv(g.Relu6(Depthwise(g, h)), 32, kernel: 1),
            "scaled" => g.Conv(g.Mul(g.Add(h, g.Initializer(RandomTensor.Fill(Float, new(1, 32, 1, 1), new Pairs(g.Random).Next))), g.Sigmoid(Twice(g, g.GlobalAveragePool(h), 32, kernel: 1))), 16),
            _ => h,
        };
        var y = structure switch
        {
            "flat" => g.Gemm(g.Flatten(g.AveragePool(h, kernel: 5, stride: 5)), 10),
            "reshaped" => g.Gemm(g.Reshape(g.AveragePool(h, kernel: 5, stride: 5), 1, 128), 10),
            "hidden" => g.Gemm(g.Relu(g.Gemm(g.Flatten(g.GlobalAveragePool(h)), 64)), 10),
            "line" => g.Conv(h, 8),
            _ => g.Gemm(g.Flatten(g.GlobalAveragePool(h)), 10),
        };
        g.Output(y, "y");
        return g.ToBytes();
    }

    /// <summary>A convolution whose channels come in pairs of the same weights.</summary>
    private static Value Twice(GraphBuilder g, Value x, int channels, int kernel = 3)
    {
        var y = g.Conv(x, channels, kernel);
        Pair(g, g.Graph.Node[^1].Input[1], channels);
        Pair(g, g.Graph.Node[^1].Input[2], channels);
        return y;
    }

    private static Value Depthwise(GraphBuilder g, Value x)
    {
        var y = g.DepthwiseConv(x);
        Pair(g, g.Graph.Node[^1].Input[1], (int)x.Size(1));
        Pair(g, g.Graph.Node[^1].Input[2], (int)x.Size(1));
        return y;
    }

    private static void Pair(GraphBuilder g, string name, int channels)
    {
        var proto = g.Graph.Initializer.Single(i => i.Name == name);
        var raw = proto.RawData.ToByteArray();
        var row = raw.Length / channels;
        for (var channel = 1; channel < channels; channel += 2) raw.AsSpan((channel - 1) * row, row).CopyTo(raw.AsSpan(channel * row));
        proto.RawData = Google.Protobuf.ByteString.CopyFrom(raw);
    }

    /// <summary>Numbers, each two times.</summary>
    private sealed class Pairs(Random random)
    {
        private double? _last;

        public double Next()
        {
            if (_last is { } last)
            {
                _last = null;
                return last;
            }

            return (_last = RandomTensor.NextNormal(random)).Value;
        }
    }
}
