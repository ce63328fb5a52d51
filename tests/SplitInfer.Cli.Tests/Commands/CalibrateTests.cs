using System.Text.Json;
using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class CalibrateTests : IDisposable
{
    private const int Samples = 5;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_classifier_has_a_line_and_an_entry_for_each_arm_and_codec()
    {
        SaveClassifier();
        var result = await CommandLine.RunAsync("calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--out", _folder["out.json"], "--min-agreement", "0", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);

        var plan = PartitionedModel.Load(_folder["model.onnx"]).Plan;
        Assert.Equal((plan.Arms.Length - 1) * CodecRegistry.Default.Names.Count(), result.Json.Length);
        Assert.All(result.Json, static line => Assert.Equal(
            "partition boundary codec ratio agreement outputError encodeGBs decodeGBs payloadBytes samples agreementLow agreementHigh", CommandLine.Fields(line)));
        Assert.All(result.Json, static line => Assert.InRange(line.GetProperty("agreement").GetDouble(), 0, 1));
        Assert.All(result.Json, static line => Assert.InRange(line.GetProperty("agreement").GetDouble(), line.GetProperty("agreementLow").GetDouble(), line.GetProperty("agreementHigh").GetDouble()));

        var calibration = CalibrationFile.Load(_folder["out.json"]);
        calibration.RequireFor(plan);
        Assert.Equal(Samples, calibration.Samples);
        Assert.Equal(result.Json.Length, calibration.Entries.Length);
        foreach (var arm in plan.Arms.SkipLast(1))
        {
            var raw = calibration.Find(arm.Index, "Raw")!;
            Assert.Equal((1, 1, 0, arm.BoundaryBytes), (raw.Ratio, raw.Agreement, raw.OutputError, raw.PayloadBytes));
            Assert.Equal(0, calibration.Find(arm.Index, "ZeroBitmapEntropy")!.OutputError);
        }

        var (coarse, fine) = (calibration.Find(0, "Quantized2")!, calibration.Find(0, "Quantized8")!);
        Assert.True(coarse.Ratio > fine.Ratio && fine.Ratio > 3);
        Assert.True(coarse.OutputError > fine.OutputError && fine.OutputError > 0);
    }

    [Theory]
    [InlineData("--image-codecs", "jpeg:95,webp:80,png", "")]
    [InlineData("--image-codecs", "jpeg:95,WebP80-rgb,scale=1/255,Png", "")]
    [InlineData("--image-codecs", "Jpeg95-ZeroToOne", "WebP80-ZeroToOne Png-ZeroToOne")]
    [InlineData("--codec", "Jpeg95-ZeroToOne", "WebP80-ZeroToOne Png-ZeroToOne")]
    public async Task Codecs_of_pictures_are_calibrated_where_the_picture_crosses(string option, string value, string others)
    {
        SavePictures();
        string[] more = [.. others.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(name => (string[])[option, name])];
        var result = await CommandLine.RunAsync(["calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--partitions", "0,4", "--codec", "Raw", option, value, .. more, "--out", _folder["out.json"], "--json"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("0 Raw, 0 Jpeg95-ZeroToOne, 0 WebP80-ZeroToOne, 0 Png-ZeroToOne, 4 Raw", string.Join(", ", result.Json.Select(static line => $"{line.GetProperty("partition")} {line.GetProperty("codec").GetString()}")));
        var calibration = CalibrationFile.Load(_folder["out.json"]);
        Assert.Equal(0, calibration.Find(0, "Png-ZeroToOne")!.OutputError);
        Assert.True(calibration.Find(0, "Png-ZeroToOne")!.Ratio > 4);
        Assert.True(calibration.Find(0, "Jpeg95-ZeroToOne")!.OutputError > 0);
    }

    [Fact]
    public async Task People_are_told_which_mapping_was_found_and_that_PNG_is_lossless()
    {
        SavePictures();
        var result = await CommandLine.RunAsync("calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--partitions", "0", "--codec", "Raw", "--image-codecs", "png", "--out", _folder["out.json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("pictures as Png-ZeroToOne", result.Output, StringComparison.Ordinal);
        Assert.Matches("Png-ZeroToOne .* 100.0 % ", result.Output);
    }

    [Theory]
    [InlineData("--image-codecs png", 2, "State it with --preprocessing")]
    [InlineData("--image-codecs jpeg", 2, "quality")]
    [InlineData("--image-codecs gif:3 --preprocessing rgb", 2, "jpeg:95")]
    [InlineData("--image-codecs png --preprocessing brg", 2, "--preprocessing brg: 'brg'")]
    [InlineData("--preprocessing rgb", 2, "--image-codecs")]
    public async Task What_is_wrong_with_codecs_of_pictures_is_told_in_words(string options, int exitCode, string word)
    {
        // Samples that are no pictures.
        SaveClassifier();
        var result = await CommandLine.RunAsync(["calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--out", _folder["out.json"], .. options.Split(' '), "--json"]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_say_how_many_are_right_before_and_after()
    {
        SaveClassifier();
        // Class 10 is none that the model has, so nothing is right.
        File.WriteAllLines(_folder["labels.txt"], Enumerable.Repeat("10", Samples));
        var result = await CommandLine.RunAsync("calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"],
            "--partitions", "0", "--codec", "Raw", "--codec", "Quantized2", "--out", _folder["out.json"], "--json");
        Assert.Equal(["Raw", "Quantized2"], result.Json.Select(static line => line.GetProperty("codec").GetString()));
        Assert.All(result.Json, static line => Assert.Equal((0, 0), (line.GetProperty("accuracy").GetDouble(), line.GetProperty("plainAccuracy").GetDouble())));
    }

    [Fact]
    public async Task A_model_of_several_inputs_that_is_no_classifier_is_judged_by_the_error()
    {
        var g = new GraphBuilder();
        var (x, y) = (g.Input("x", ElementType.Float32, 2, 3), g.Input("y", ElementType.Float32, 2, 3));
        g.Output(g.Relu(g.Add(x, y)), "sum");
        g.Output(g.Relu(x), "early");
        g.Save(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
            foreach (var name in (string[])["x", "y"])
                NpyFile.Write(_folder[$"samples/{sample}/{name}.npy"], RandomTensor.Normal(new(sample), ElementType.Float32, 2, 3));
        var result = await CommandLine.RunAsync("calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--partitions", "all", "--codec", "Float16", "--out", _folder["out.json"], "--json");
        Assert.Equal("", result.Error);
        Assert.NotEmpty(result.Json);
        Assert.All(result.Json, static line => Assert.Equal(JsonValueKind.Null, line.GetProperty("agreement").ValueKind));
        Assert.All(result.Json, static line => Assert.InRange(line.GetProperty("outputError").GetDouble(), 1e-9, 1e-3));
        Assert.Equal("x y", string.Join(' ', result.Json[0].GetProperty("boundary").EnumerateArray()));
    }

    [Fact]
    public async Task People_get_a_table_of_the_smallest_within_the_bound()
    {
        SaveClassifier();
        var result = await CommandLine.RunAsync("calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--min-agreement", "0", "--out", _folder["out.json"]);
        Assert.Equal("", result.Error);
        Assert.Contains("Quantized2", result.Output, StringComparison.Ordinal);
        Assert.Contains("out.json", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_that_the_samples_cannot_show_is_warned_of()
    {
        SaveClassifier();
        string[] line = ["calibrate", _folder["model.onnx"], "--inputs", _folder["samples"], "--partitions", "0", "--codec", "Quantized8", "--out", _folder["out.json"]];
        var bold = await CommandLine.RunAsync([.. line, "--min-agreement", "0.8"]);
        Assert.Equal(0, bold.ExitCode);
        Assert.StartsWith($"{Samples} samples are too few to be 95 % sure of 80 % agreement with the best codec at cut 0. It takes 16 samples", bold.Error, StringComparison.Ordinal);
        Assert.Contains("≥ 56.6 %", bold.Output, StringComparison.Ordinal);

        var modest = await CommandLine.RunAsync([.. line, "--min-agreement", "0.5"]);
        Assert.Equal("", modest.Error);

        // What is lossless needs no samples.
        var lossless = await CommandLine.RunAsync([.. line[..^4], "--codec", "ZeroBitmap", .. line[^2..]]);
        Assert.Equal("", lossless.Error);
    }

    [Theory]
    [InlineData(2, "MODEL", "--inputs")]
    [InlineData(2, "MODEL --inputs SAMPLES", "--out")]
    [InlineData(2, "MODEL --inputs SAMPLES --out OUT --min-agreement 2", "--min-agreement")]
    [InlineData(2, "MODEL --inputs SAMPLES --out OUT --codec Zip", "ZeroBitmap")]
    [InlineData(2, "MODEL --inputs SAMPLES --out OUT --partitions 99", "99")]
    [InlineData(2, "MODEL --inputs EMPTY --out OUT", ".npy")]
    [InlineData(2, "MODEL --inputs SAMPLES --out OUT --labels SHORT", "1 lines")]
    [InlineData(1, "MODEL --inputs nowhere --out OUT", "nowhere")]
    [InlineData(1, "MODEL --inputs SAMPLES --out nowhere/out.json", "nowhere")]
    [InlineData(1, "MODEL --inputs WRONG --out OUT", "4×4")]
    public async Task Mistakes_are_told_in_words_and_write_nothing(int exitCode, string line, string word)
    {
        SaveClassifier();
        Directory.CreateDirectory(_folder["empty"]);
        File.WriteAllText(_folder["short.txt"], "3\n");
        NpyFile.Write(_folder["wrong/0.npy"], RandomTensor.Normal(new(1), ElementType.Float32, 4, 4));
        var files = new Dictionary<string, string>
        {
            ["MODEL"] = _folder["model.onnx"], ["SAMPLES"] = _folder["samples"], ["EMPTY"] = _folder["empty"], ["SHORT"] = _folder["short.txt"], ["WRONG"] = _folder["wrong"], ["OUT"] = _folder["out.json"],
        };
        var result = await CommandLine.RunAsync(["calibrate", .. line.Split(' ').Select(w => files.GetValueOrDefault(w, w)), "--json"]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.json"]));
    }

    private void SavePictures()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
        {
            using var tensor = TensorValue.Allocate(ElementType.Float32, new(1, 3, 32, 32));
            var values = tensor.Span<float>();
            for (var at = 0; at < values.Length; at++) values[at] = ((at % 1024 / 4) + (sample * 17)) % 256 * (1f / 255);
            NpyFile.Write(_folder[$"samples/{sample}.npy"], tensor);
        }
    }

    private void SaveClassifier()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
            NpyFile.Write(_folder[$"samples/{sample}.npy"], RandomTensor.Normal(new(sample), ElementType.Float32, 1, 3, 32, 32));
    }
}
