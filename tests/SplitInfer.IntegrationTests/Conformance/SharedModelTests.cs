using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Published models. Cuts are sampled where there are many; <c>splitinfer verify</c> runs all of them.</summary>
public sealed class SharedModelTests
{
    [SharedTheory]
    [InlineData("mnist", int.MaxValue)]
    [InlineData("silero_vad", int.MaxValue)]
    [InlineData("dtln_1", int.MaxValue)]
    [InlineData("squeezenet_fp32", 24)]
    [InlineData("squeezenet_fp16", 12)]
    [InlineData("ultraface-rfb-320", 12)]
    [InlineData("yunet-320", 12)]
    [InlineData("fastestdet", 12)]
    [InlineData("dnsmos", 4)]
    [InlineData("candy", 3)]
    public async Task Cuts_of_a_published_model_give_the_result_of_the_whole(string name, int most) =>
        await VerifiedModel.AssertAsync(SharedData.Model($"{name}.onnx"), most);

    [SharedTheory]
    [InlineData("squeezenet", 16)]
    [InlineData("shufflenet", 16)]
    [InlineData("densenet121", 6)]
    [InlineData("inception_v1", 8)]
    [InlineData("inception_v2", 6)]
    [InlineData("resnet50", 4)]
    public async Task Cuts_of_a_classic_network_with_random_weights_give_the_result_of_the_whole(string name, int most)
    {
        using var folder = new TestFolder();
        RandomWeights.Rewrite(SharedData.Model($"light/light_{name}.onnx"), folder["model.onnx"]);
        await VerifiedModel.AssertAsync(folder["model.onnx"], most);
    }

    [SharedFact]
    public void A_model_without_operator_sets_is_refused_in_words()
    {
        var error = Assert.Throws<ModelFormatException>(() => PartitionedModel.Load(SharedData.Model("super_resolution.onnx")));
        Assert.Contains("opset_import", error.Message, StringComparison.Ordinal);
    }
}
