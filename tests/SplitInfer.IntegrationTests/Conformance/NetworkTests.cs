using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Skips, depthwise convolutions, attention, recurrent state, early outputs, control flow, functions, float16, sizes that each request states.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Names => [.. NetworkCatalog.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_cut_of_a_network_gives_the_result_of_the_whole(string name)
    {
        NetworkCatalog.All[name]().Save(_folder["model.onnx"]);
        await VerifiedModel.AssertAsync(_folder["model.onnx"]);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 17)]
    public async Task Symbolic_sizes_may_be_any(int batch, int sequence)
    {
        TransformerEncoder.Build().Save(_folder["model.onnx"]);
        await VerifiedModel.AssertAsync(_folder["model.onnx"], plan: new PlanOptions
        {
            DimensionSizes = new Dictionary<string, long> { ["batch"] = batch, ["sequence"] = sequence },
        });
    }

    [Fact]
    public async Task Weights_may_lie_in_a_second_file()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"], "model.data");
        await VerifiedModel.AssertAsync(_folder["model.onnx"]);
    }

    [Fact]
    public async Task The_old_file_format_lists_weights_among_the_inputs()
    {
        var g = new GraphBuilder(opset: 9, irVersion: 3);
        var x = g.Input("x", Tensors.ElementType.Float32, 1, 3, 16, 16);
        g.Output(g.Gemm(g.Flatten(g.Relu(g.Conv(g.Relu(g.Conv(x, 4)), 4))), 5), "y");
        g.Save(_folder["model.onnx"]);
        await VerifiedModel.AssertAsync(_folder["model.onnx"]);
    }

    [Fact]
    public async Task Every_cut_of_random_graphs_gives_the_result_of_the_whole()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            RandomDag.Build(seed).Save(_folder[$"{seed}.onnx"]);
            await VerifiedModel.AssertAsync(_folder[$"{seed}.onnx"]);
        }
    }
}
