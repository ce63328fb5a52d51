using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>What the command writes is run with plain sessions, which know of the two files and the note alone.</summary>
public sealed class SplitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Head_and_tail_together_are_the_model()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var plan = PartitionedModel.Load(_folder["unet.onnx"]).Plan;
        var several = plan.Partitions.First(static p => p.Boundary.Length > 1);
        foreach (var k in (int[])[several.Index, plan.Arms[1].Index]) await CheckAsync(_folder["unet.onnx"], k, tolerance: 1e-4);
    }

    [Fact]
    public async Task Outputs_before_the_cut_come_from_the_head()
    {
        Detector.Build(size: 64, width: 8).Save(_folder["detector.onnx"]);
        var plan = PartitionedModel.Load(_folder["detector.onnx"]).Plan;
        var partition = plan.Partitions.First(p => p.IsAdmissible && p.TailOutputs.Length is > 0 && p.TailOutputs.Length < plan.Outputs.Length);
        var note = await CheckAsync(_folder["detector.onnx"], partition.Index, tolerance: 1e-4);
        Assert.Equal(plan.Outputs.Select(o => partition.TailOutputs.Any(t => t.Name == o.Name) ? "tail" : "head"), note.GetProperty("outputs").EnumerateArray().Select(static o => o.GetProperty("from").GetString()));
    }

    [Fact]
    public async Task Float16_crosses_as_the_note_says()
    {
        HalfConvNet.Build().Save(_folder["half.onnx"]);
        var plan = PartitionedModel.Load(_folder["half.onnx"]).Plan;
        var partition = plan.Partitions.First(static p => p.Index > 3 && p.IsAdmissible && p.Boundary[0].Type == ElementType.Float32);
        var note = await CheckAsync(_folder["half.onnx"], partition.Index, tolerance: 1e-2);
        Assert.Equal("float32", note.GetProperty("boundary")[0].GetProperty("type").GetString());
    }

    [SharedFact]
    public async Task Squeezenet_is_cut_into_two_files_that_need_nothing_else() => await CheckAsync(SharedData.Model("squeezenet_fp32.onnx"), 19, tolerance: 1e-4);

    [Fact]
    public async Task A_side_that_computes_nothing_has_no_file()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        File.WriteAllText(_folder["out/head.onnx"], "left by an earlier run");
        var result = await CommandLine.RunAsync("split", _folder["unet.onnx"], "--partition", "0", "--out", _folder["out"], "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(["README.txt", "split.json", "tail.onnx"], Directory.GetFiles(_folder["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(JsonValueKind.Null, result.Json[0].GetProperty("head").ValueKind);
        Assert.Equal("input", result.Json[0].GetProperty("boundary")[0].GetProperty("from").GetString());
    }

    [Fact]
    public async Task People_are_told_what_crosses()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var result = await CommandLine.RunAsync("split", _folder["unet.onnx"], "--partition", "4", "--out", _folder["out"]);
        Assert.Equal("", result.Error);
        var readme = File.ReadAllText(_folder["out/README.txt"]);
        Assert.StartsWith(readme, result.Output, StringComparison.Ordinal);
        var boundary = PartitionedModel.Load(_folder["unet.onnx"]).Plan.Partitions[4].Boundary;
        Assert.All(boundary, value => Assert.Contains($"- {value.Name}  float32 ", readme, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("MODEL --partition 999 --out OUT", "There is no partition 999")]
    [InlineData("MODEL --partition -1 --out OUT", "There is no partition -1")]
    [InlineData("MODEL --partition 4", "--out")]
    [InlineData("MODEL --out OUT", "--partition")]
    [InlineData("OUT/head.onnx --partition 4 --out OUT", "holds the model itself")]
    public async Task Mistakes_are_told_in_words(string line, string word)
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        File.Copy(_folder["unet.onnx"], _folder["out/head.onnx"]);
        var result = await CommandLine.RunAsync(["split", .. line.Split(' ').Select(w => w.Replace("MODEL", _folder["unet.onnx"], StringComparison.Ordinal).Replace("OUT", _folder["out"], StringComparison.Ordinal)), "--json"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(_folder["unet.onnx"]), File.ReadAllBytes(_folder["out/head.onnx"]));
    }

    /// <summary>Splits a model, runs the files as the note says and compares with the whole.</summary>
    /// <returns>The note.</returns>
    private async Task<JsonElement> CheckAsync(string path, int partition, double tolerance)
    {
        var folder = _folder[$"out-{partition}"];
        var result = await CommandLine.RunAsync("split", path, "--partition", $"{partition}", "--out", folder, "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var note = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "split.json"))).RootElement;
        Assert.Equal(JsonSerializer.Serialize(result.Json[0]), JsonSerializer.Serialize(note));
        Assert.Equal("model fingerprint partition head tail boundary outputs missing", CommandLine.Fields(note));

        var model = PartitionedModel.Load(path);
        var values = model.Plan.Inputs.Zip(model.MakeInputs(seed: 1), static (input, value) => (input.Name, value)).ToDictionary(static v => v.Name, static v => v.value);
        var expected = PlainRun.Of(File.ReadAllBytes(path), [.. values.Select(static v => (v.Key, v.Value))]);
        foreach (var side in (string[])["head", "tail"])
        {
            var file = Path.Combine(folder, note.GetProperty(side).GetProperty("file").GetString()!);
            using (var session = new InferenceSession(file))
            {
                Assert.Equal(Names(note.GetProperty(side), "inputs"), session.InputNames);
                Assert.Equal(Names(note.GetProperty(side), "outputs"), session.OutputNames);
            }

            if (side == "tail") Assert.Equal(Names(note, "boundary"), Names(note.GetProperty(side), "inputs"));
            var outputs = PlainRun.Of(File.ReadAllBytes(file), [.. Names(note.GetProperty(side), "inputs").Select(name => (name, values[name]))]);
            foreach (var (name, output) in Names(note.GetProperty(side), "outputs").Zip(outputs)) values[name] = output;
        }

        foreach (var (name, whole) in Names(note, "outputs").Zip(expected)) Assert.True(TensorDifference.Between(whole, values[name]).IsWithin(tolerance), $"{name} at {partition}");
        return note;
    }

    private static string[] Names(JsonElement note, string list) => [.. note.GetProperty(list).EnumerateArray().Select(static value => value.GetProperty("name").GetString()!)];
}
