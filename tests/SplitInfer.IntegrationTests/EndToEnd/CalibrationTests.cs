using SplitInfer.Calibration;
using SplitInfer.Cli;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>What codecs do to SqueezeNet on real photographs: far fewer than are needed to judge a codec, enough to see that the figures make sense.</summary>
public class CalibrationTests
{
    private const int Samples = 20;
    private const int Pool3 = 18, Fire9 = 62;

    [SharedFact]
    public async Task Boundaries_shrink_several_times_before_a_photograph_changes_its_class()
    {
        using var folder = new TestFolder();
        using (var photographs = new Photographs())
        {
            for (var i = 0; i < Samples; i++)
            {
                using var input = photographs.Read(i);
                NpyFile.Write(folder[$"photographs/{i:00}.npy"], input);
            }
        }

        var model = SharedData.Model("squeezenet_fp32.onnx");
        using var error = new StringWriter();
        string[] line =
        [
            "calibrate", model, "--inputs", folder["photographs"], "--partitions", $"{Pool3},{Fire9}", "--out", folder["out.json"],
            "--codec", "ZeroBitmapEntropy", "--codec", "Quantized2", "--codec", "Quantized5", "--codec", "Quantized8",
        ];
        Assert.Equal(0, await Program.RunAsync(line, new Terminal(TextWriter.Null, error)));
        Assert.StartsWith($"{Samples} samples are too few", error.ToString(), StringComparison.Ordinal);

        var calibration = CalibrationFile.Load(folder["out.json"]);
        calibration.RequireFor(PartitionedModel.Load(model).Plan);
        Assert.True(BestAt(Pool3) >= 9, $"{BestAt(Pool3)}");
        Assert.True(BestAt(Fire9) >= 60, $"{BestAt(Fire9)}");
        Assert.All((int[])[Pool3, Fire9], cut => Assert.True(calibration.Find(cut, "Quantized8")!.IsWithin(0.99)));
        Assert.True(calibration.Find(Pool3, "Quantized2")!.OutputError > 10 * calibration.Find(Pool3, "Quantized8")!.OutputError);
        Assert.True(calibration.Find(Pool3, "ZeroBitmapEntropy")!.Ratio > 1.9);

        double BestAt(int cut) => calibration.Entries.Where(entry => entry.Partition == cut && entry.IsWithin(0.99)).Max(static entry => entry.Ratio);
    }
}
