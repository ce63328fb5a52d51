using System.Globalization;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class InstanceExitTests(ITestOutputHelper output)
{
    private const int JudgingCrops = 1000;

    // The task as files, for the command line: model.onnx, crops to make exits of and to judge them by, and the photographs that they are of.
    private const string FolderVariable = "SPLITINFER_INSTANCES";

    private const int WrittenMakingCrops = 1000, WrittenJudgingCrops = 400, FewCrops = 4;

    /// <summary>Writes the task into the folder that the environment names; a few crops of it elsewhere where it names none.</summary>
    [LongSharedFact]
    [Trait("Category", "Long")]
    public void Task_as_files()
    {
        using var other = new TestFolder();
        var named = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } name ? name : null;
        var folder = named ?? other["instances"];
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(folder).FullName, "model.onnx"), InstanceTask.MakeFile());
        var inputs = PartitionedModel.Load(Path.Combine(folder, "model.onnx")).Plan.Inputs;
        Write("making", seed: 2, named is null ? FewCrops : WrittenMakingCrops);
        Write("judging", seed: 3, named is null ? FewCrops : WrittenJudgingCrops);

        void Write(string part, int seed, int count)
        {
            using var crops = new PhotographCrops(seed, count);
            var place = Directory.CreateDirectory(Path.Combine(folder, part)).FullName;
            for (var crop = 0; crop < count; crop++)
            {
                using var tensor = crops.Read(crop, inputs)[0];
                NpyFile.Write(Path.Combine(place, $"{crop:D4}.npy"), tensor);
            }

            using var last = NpyFile.Read(Path.Combine(place, $"{count - 1:D4}.npy"));
            Assert.True(inputs[0].Accepts(last.ElementType, last.Shape));
            File.WriteAllLines(Path.Combine(folder, $"{part}.txt"), crops.Labels.Select(static label => label.ToString(CultureInfo.InvariantCulture)));
        }
    }

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
