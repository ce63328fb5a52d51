using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class TailorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public TailorTests()
    {
        UNet.Build().Save(_folder["model.onnx"]);
        for (var sample = 0; sample < 4; sample++)
        {
            using var tensor = RandomTensor.Normal(new(sample), ElementType.Float32, 1, 3, 64, 64);
            NpyFile.Write(_folder[$"samples/{sample}.npy"], tensor);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_family_has_a_line_a_variant_and_can_be_evaluated_and_explained()
    {
        var made = await CommandLine.RunAsync("tailor", _folder["model.onnx"], "--calibration", _folder["samples"], "--out", _folder["family"], "--json");
        Assert.Equal("", made.Error);
        Assert.Equal(0, made.ExitCode);
        Assert.All(made.Json, static line => Assert.Equal($"variant file bytes ms baseMs agreement agreementLow cosine pareto targets steps times{(line.GetProperty("variant").GetString() == "float32" ? "" : " isa")}", CommandLine.Fields(line)));
        var variants = made.Json.Select(static line => line.GetProperty("variant").GetString()).ToArray();
        Assert.Contains("int8", variants);
        var files = made.Json.Select(static line => line.GetProperty("file").GetString()!).ToArray();
        Assert.All(files, static file => Assert.True(File.Exists(file)));

        var evaluated = await CommandLine.RunAsync(["evaluate", _folder["model.onnx"], .. files, "--inputs", _folder["samples"], "--json"]);
        Assert.Equal("", evaluated.Error);
        Assert.Equal(files.Length + 1, evaluated.Json.Length);
        Assert.All(evaluated.Json, static line => Assert.Equal("model samples agreement agreementLow cosine ms bytes", CommandLine.Fields(line)));
        Assert.Equal(1, evaluated.Json[0].GetProperty("agreement").GetDouble());
        foreach (var (variant, line) in made.Json.Zip(evaluated.Json.Skip(1))) Assert.Equal(variant.GetProperty("bytes").GetInt64(), line.GetProperty("bytes").GetInt64());

        var explained = await CommandLine.RunAsync("tailor", "explain", _folder["family"], "int8");
        Assert.Equal(0, explained.ExitCode);
        Assert.Contains("8-bit activations", explained.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.RunAsync("tailor", "explain", _folder["family"], "--html", _folder["family.html"])).ExitCode);
        Assert.Contains("<th scope=\"row\">int8</th>", File.ReadAllText(_folder["family.html"]), StringComparison.Ordinal);
        var unknown = await CommandLine.RunAsync("tailor", "explain", _folder["family"], "int4");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("has no variant 'int4'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statistics_of_devices_are_added_up_and_samples_only_judge()
    {
        foreach (var device in (string[])["phone", "board"])
        {
            var collected = await CommandLine.RunAsync("tailor", "collect", _folder["model.onnx"], "--calibration", _folder["samples"], "--out", _folder[$"{device}.bin"], "--json");
            Assert.Equal("", collected.Error);
            Assert.Equal("file model samples values bytes", CommandLine.Fields(collected.Json[0]));
            Assert.Equal(4, collected.Json[0].GetProperty("samples").GetInt32());
        }

        var statistics = $"{_folder["phone.bin"]},{_folder["board.bin"]}";
        var made = await CommandLine.RunAsync("tailor", _folder["model.onnx"], "--stats", statistics, "--calibration", _folder["samples"], "--out", _folder["family"], "--json");
        Assert.Equal("", made.Error);
        Assert.Contains(made.Json, static line => line.GetProperty("variant").GetString() == "int8");
        Assert.Equal(3, Families.FamilyFile.Load(_folder["family/family.json"]).Samples);

        var without = await CommandLine.RunAsync("tailor", _folder["model.onnx"], "--stats", statistics, "--out", _folder["family"]);
        Assert.Equal(2, without.ExitCode);
        Assert.Contains("name a folder of samples to judge by with --calibration DIR", without.Error, StringComparison.Ordinal);
        MobileNetV2.Build().Save(_folder["other.onnx"]);
        var other = await CommandLine.RunAsync("tailor", _folder["other.onnx"], "--stats", statistics, "--calibration", _folder["samples"], "--out", _folder["family"]);
        Assert.NotEqual(0, other.ExitCode);
    }

    [Fact]
    public async Task Threads_are_those_of_all_targets_that_do_not_say()
    {
        File.WriteAllText(_folder["targets.json"], """[{"name":"any","maxMs":1e9},{"name":"one","threads":1}]""");
        var result = await CommandLine.RunAsync("tailor", _folder["model.onnx"], "--calibration", _folder["samples"], "--targets", _folder["targets.json"], "--threads", "2", "--out", _folder["family"], "--json");
        Assert.Equal("", result.Error);
        Assert.All(result.Json, static line => Assert.Equal([1, 2], line.GetProperty("times").EnumerateArray().Select(static time => time.GetProperty("threads").GetInt32())));
    }

    [Theory]
    [InlineData("tailor", "--calibration", "--out")]
    [InlineData("evaluate", "--inputs", "--labels")]
    public async Task Inputs_that_the_file_has_a_value_for_are_not_fed(string command, string folder, string other)
    {
        var result = await CommandLine.RunAsync(command, _folder["model.onnx"], "--feed", "shift", folder, _folder["samples"], other, _folder["other"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--feed shift: variants are made and compared with the values that the file has", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_no_variant_meets_is_an_error_that_names_the_nearest()
    {
        File.WriteAllText(_folder["targets.json"], """[{"name":"watch","maxBytes":100},{"name":"any"}]""");
        var result = await CommandLine.RunAsync("tailor", _folder["model.onnx"], "--calibration", _folder["samples"], "--targets", _folder["targets.json"], "--out", _folder["family"], "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Target 'watch': No variant meets it. The nearest is", result.Error, StringComparison.Ordinal);
        Assert.Equal("watch", result.Json[^1].GetProperty("target").GetString());
        Assert.Contains(result.Json.SkipLast(1), static line => line.GetProperty("targets").EnumerateArray().Any(static target => target.GetString() == "any"));
    }

    [Fact]
    public async Task Labels_say_how_many_are_right()
    {
        const int Classes = 4;
        ResNet18.Build(size: 64, Classes, width: 8).Save(_folder["model.onnx"]);
        var right = 0.0;
        for (var label = 0; label < Classes; label++)
        {
            File.WriteAllText(_folder["labels.txt"], string.Concat(Enumerable.Repeat($"{label}\n", 4)));
            var labelled = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"], "--json");
            Assert.Equal(0, labelled.ExitCode);
            Assert.InRange(labelled.Json[0].GetProperty("top1Low").GetDouble(), 0, labelled.Json[0].GetProperty("top1").GetDouble());
            right += labelled.Json[0].GetProperty("top1").GetDouble();
        }

        // Each sample has one class.
        Assert.Equal(1, right, 9);
        File.WriteAllText(_folder["labels.txt"], "0\n0\n4\n0\n");
        var result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"], "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The label 4 of sample 3 is none of", result.Error, StringComparison.Ordinal);
        File.WriteAllText(_folder["labels.txt"], "1\n2\n");
        result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"], "--json");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("has 2 lines for 4 samples", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_are_refused_where_the_first_output_is_no_row_of_scores()
    {
        File.WriteAllText(_folder["labels.txt"], "0\n0\n0\n0\n");
        foreach (var command in (string[][])[["evaluate", _folder["model.onnx"], "--inputs", _folder["samples"]], ["tailor", _folder["model.onnx"], "--calibration", _folder["samples"], "--out", _folder["family"]]])
        {
            var result = await CommandLine.RunAsync([.. command, "--labels", _folder["labels.txt"]]);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("Leave the labels out", result.Error, StringComparison.Ordinal);
        }
    }

    [LinuxFact]
    public async Task Labels_that_are_no_plain_file_are_not_waited_for()
    {
        using var pipe = System.Diagnostics.Process.Start("mkfifo", _folder["pipe"]);
        await pipe.WaitForExitAsync();
        File.CreateSymbolicLink(_folder["link"], "pipe");
        foreach (var path in (string[])[_folder["pipe"], _folder["link"], _folder.Path, "/dev/zero"])
        {
            var result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", path);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("not a plain file", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Labels_can_be_a_tensor_of_whole_numbers()
    {
        ResNet18.Build(size: 64, classes: 10, width: 8).Save(_folder["model.onnx"]);
        NpyFile.Write(_folder["labels.npy"], TensorValue.From<long>([1, 2, 3, 4], 4));
        Assert.Equal(0, (await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.npy"], "--json")).ExitCode);
        NpyFile.Write(_folder["labels.npy"], TensorValue.From<float>([1, 2, 3, 4], 4));
        var result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.npy"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("whole numbers", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_of_other_inputs_are_not_compared()
    {
        MobileNetV2.Build().Save(_folder["other.onnx"]);
        var result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], _folder["other.onnx"], "--inputs", _folder["samples"]);
        Assert.Equal(1, result.ExitCode);
    }
}
