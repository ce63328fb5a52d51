using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>What a debugger and a log show of plans and partitions.</summary>
public sealed class PlanTextTests
{
    private static readonly PartitionedModel Model = PartitionedModel.Load(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), null, SplitRun.Execution, "resnet.onnx");

    [Fact]
    public void A_partition_shows_its_cut_and_its_work()
    {
        var arm = Model.Plan.Arms[1];
        Assert.Equal($"partition {arm.Index}: {arm.Boundary[0]} ({arm.BoundaryBytes} bytes), {arm.Head.Nodes} nodes on the device, {arm.Tail.Nodes} on the server; arm", arm.ToString());
        Assert.Contains("nothing crosses", Model.Plan.AllOnDevice.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_partition_that_cannot_be_used_says_why()
    {
        var model = PartitionedModel.Load(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), new() { MinDepth = 2 }, SplitRun.Execution);
        var excluded = model.Plan.Partitions[1];
        Assert.EndsWith($"; not usable: {excluded.InadmissibleReason}", excluded.ToString(), StringComparison.Ordinal);
        Assert.NotNull(excluded.InadmissibleReason);
    }

    [Fact]
    public void A_plan_shows_inputs_outputs_and_arms_and_a_model_its_source()
    {
        var plan = Model.Plan;
        Assert.Equal($"{plan.Inputs[0]} → {plan.Outputs[0]}; {plan.Partitions.Length} partitions, arms {string.Join(", ", plan.Arms.Select(static a => a.Index))}", plan.ToString());
        Assert.Equal($"resnet.onnx: {plan}", Model.ToString());
        Assert.StartsWith("resnet.onnx: ", OnnxModel.Parse(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), source: "resnet.onnx").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_sample_inputs_name_the_model_and_what_it_takes()
    {
        using var tensor = SplitInfer.Tensors.TensorValue.From<float>([1, 2], 1, 2);
        var bytes = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();
        foreach (var (name, part) in ((string, string)[])[("wrong", "no input 'wrong'"), (Model.Plan.Inputs[0].Name, "float32 1×2")])
        {
            var options = new PlanOptions { SampleInputs = new Dictionary<string, SplitInfer.Tensors.TensorValue> { [name] = tensor } };
            var error = Assert.Throws<SplitInfer.Tensors.TensorMismatchException>(() => PartitionedModel.Load(bytes, options, SplitRun.Execution, "resnet.onnx"));
            Assert.StartsWith("resnet.onnx: ", error.Message, StringComparison.Ordinal);
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
            Assert.Contains(Model.Plan.Inputs[0].ToString(), error.Message, StringComparison.Ordinal);
        }
    }
}
