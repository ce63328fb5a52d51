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
        Assert.All(made.Json, static line => Assert.Equal("variant file bytes ms baseMs agreement agreementLow cosine pareto targets steps", CommandLine.Fields(line)));
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
        var unknown = await CommandLine.RunAsync("tailor", "explain", _folder["family"], "int4");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("has no variant 'int4'", unknown.Error, StringComparison.Ordinal);
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
        // A class that there cannot be, since no output has so many elements.
        File.WriteAllText(_folder["labels.txt"], "9999999\n9999999\n9999999\n9999999\n");
        var result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"], "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal((0, 0), (result.Json[0].GetProperty("top1").GetDouble(), result.Json[0].GetProperty("top1Low").GetDouble()));
        File.WriteAllText(_folder["labels.txt"], "1\n2\n");
        result = await CommandLine.RunAsync("evaluate", _folder["model.onnx"], "--inputs", _folder["samples"], "--labels", _folder["labels.txt"], "--json");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("has 2 lines for 4 samples", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_can_be_a_tensor_of_whole_numbers()
    {
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
