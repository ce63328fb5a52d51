using System.Globalization;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class InstanceExitTests(ITestOutputHelper output)
{
    private const int JudgingCrops = 1000;

    /// <summary>The figures of docs/exits.md for a harder task: they are written, and only the promise is asserted.</summary>
    [LongSharedTheory]
    [InlineData(0.001, 5000)]
    [InlineData(0.01, 2000)]
    [InlineData(0.03, 2000)]
    [Trait("Category", "Long")]
    public async Task Exits_of_SqueezeNet_on_crops_of_two_hundred_photographs(double loss, int crops)
    {
        var model = InstanceTask.MakeModel();
        using var making = new PhotographCrops(seed: 2, crops);
        using var judging = new PhotographCrops(seed: 3, JudgingCrops);
        var made = await ExitMaker.MakeAsync(model, making, new() { MaxLoss = loss, MaxFeatures = 512, MaxSteps = 40 });
        var report = ExitTester.Run(model, made.Exits, judging, new() { Labels = judging.Labels });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.ExitRate:P1} leave early, {report.Accuracy:P2} right, {report.FullAccuracy:P2} without, agreement {report.Agreement:P2}, {report.MeanMs:F2} of {report.FullMs:F2} ms"));
        foreach (var exit in made.Exits.Exits)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  at {exit.Partition}, after {model.Plan.Partitions[exit.Partition].Head.Macs / model.Plan.AllOnDevice.Head.Macs:P0}: {exit.ExitRate:P1}, would agree in {exit.Agreement:P1}, from {exit.Threshold:F4} on"));
        // Five in a hundred draws of the samples may lose more than was promised; what the crops for judging can tell is wider by three deviations.
        Assert.True(1 - report.Agreement <= loss + (3 * Math.Sqrt(loss / JudgingCrops)), $"The exits lose {1 - report.Agreement:P2}, and {loss:P1} was promised.");
    }
}
