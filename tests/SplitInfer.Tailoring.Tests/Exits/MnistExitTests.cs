using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class MnistExitTests
{
    // At the end of the first layer, behind which are four fifths of the computation.
    [SharedFact]
    public async Task Five_hundred_digits_without_labels_let_two_of_five_leave_early()
    {
        var model = PartitionedModel.Load(SharedData.Model("mnist.onnx"));
        var made = await ExitMaker.MakeAsync(model, new SharedDigits(0, 500), new() { MaxLoss = 0.01, Partitions = [4], MaxSteps = 30 });
        var others = new SharedDigits(5000, 400);
        var report = ExitTester.Run(model, made.Exits, others, new() { Labels = others.Labels });
        Assert.InRange(report.ExitRate, 0.4, 1);
        Assert.InRange(report.FullAccuracy!.Value - report.Accuracy!.Value, -0.01, 0.01);
        Assert.True(report.MeanMs > 0 && report.FullMs > 0);
    }
}
