using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Partitioning;

public class NetworkTests
{
    public static TheoryData<string> Names => ["UNet", "Detector", "LstmTagger", "TransformerEncoder", "ControlFlow", "FunctionNet", "AudioNet"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_cut_of_a_network_agrees_with_the_whole(string name)
    {
        var graph = name switch
        {
            "UNet" => UNet.Build(size: 16),
            "Detector" => Detector.Build(),
            "LstmTagger" => LstmTagger.Build(),
            "TransformerEncoder" => TransformerEncoder.Build(),
            "ControlFlow" => ControlFlow.Build(),
            "FunctionNet" => FunctionNet.Build(),
            _ => AudioNet.Build(),
        };

        Assert.True(SplitRun.CheckEveryCut(graph).Length > 3);
    }

    [SharedTheory]
    [InlineData("silero_vad.onnx", 4)]
    [InlineData("dtln_1.onnx", 36)]
    [InlineData("dnsmos.onnx", 48)]
    [InlineData("ultraface-rfb-320.onnx", 163)]
    [InlineData("candy.onnx", 59)]
    public void A_published_model_plans_well(string name, int nodes)
    {
        var model = PartitionedModel.Load(SharedData.Model(name), null, SplitRun.Execution);

        Assert.Null(model.Plan.MeasureFailure);
        Assert.Equal(nodes, model.Plan.AllOnDevice.Index);
        Assert.All(model.Plan.Partitions, static p => Assert.Null(p.InadmissibleReason));
    }

    [SharedFact]
    public void A_model_without_operator_set_is_refused() =>
        Assert.Contains("opset_import", Assert.Throws<SplitInfer.Models.ModelFormatException>(() => PartitionedModel.Load(SharedData.Model("super_resolution.onnx"))).Message, StringComparison.Ordinal);

    [SharedFact]
    public void The_work_of_squeezenet_is_what_its_authors_count()
    {
        var work = PartitionedModel.Load(SharedData.Model("squeezenet_fp32.onnx"), null, SplitRun.Execution).Plan.AllOnDevice.Head;

        // 26 convolutions of 349 million multiply-accumulates at 224×224.
        Assert.Equal(26, work.Conv.Nodes);
        Assert.InRange(work.Conv.Macs, 348e6, 350e6);
    }
}
