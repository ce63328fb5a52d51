using SplitInfer.Cli.Benchmarks;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>That the benchmark prints what the contract says, and that nobody loses more than is acceptable; never what it measures.</summary>
public sealed class BenchJointTests : IDisposable
{
    private const int Samples = 40, Requests = 6;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LongFact]
    [Trait("Category", "Long")]
    public async Task All_contenders_take_turns_and_the_best_single_knob_is_told()
    {
        await MakeAsync();
        var result = await CommandLine.StartAsync("bench", "joint", _folder["family"], "--inputs", _folder["samples"], "--exits", _folder["family"], "--requests", $"{Requests}", "--worlds", "1", "--slowdown", "100", "--budget", "0.3", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var (rows, sum) = (result.Json[..^1], result.Json[^1]);
        Assert.All(rows, static row => Assert.Equal("world contender knobs requests meanMs laterMeanMs agreement accuracy choice choiceShare", CommandLine.Fields(row)));
        Assert.All(rows, static row => Assert.Equal(Requests, row.GetProperty("requests").GetInt32()));
        Assert.Equal("world jointMs singleKnob singleKnobSetting singleKnobMs ratio laterRatio agreement singleKnobAgreement knobMs", CommandLine.Fields(sum));
        Assert.Equal(ServedJointSettings.Knobs, sum.GetProperty("knobMs").EnumerateObject().Select(static knob => knob.Name));
        var joint = rows.Single(static row => row.GetProperty("contender").GetString() == "joint");
        Assert.Equal((0, joint.GetProperty("meanMs").GetDouble()), (joint.GetProperty("knobs").GetArrayLength(), sum.GetProperty("jointMs").GetDouble()));
        Assert.Equal(rows.Where(static row => row.GetProperty("knobs").GetArrayLength() > 0).Min(static row => row.GetProperty("meanMs").GetDouble()), sum.GetProperty("singleKnobMs").GetDouble());
        // Whoever runs the main variant without an exit answers as it does.
        Assert.All(rows.Where(static row => row.GetProperty("contender").GetString() is "device" or "server 1" or "server 2"), static row => Assert.Equal(1, row.GetProperty("agreement").GetDouble()));
    }

    private async Task MakeAsync()
    {
        FamilyFile.Save(_folder[$"family/{FamilyFile.Name}"], new() { Model = "wide.onnx", Fingerprint = Write("wide", 32, 1).Fingerprint, Samples = 100, Machine = "none", Variants = [Write("wide", 32, 1), Write("narrow", 16, 0.8)] });
        for (var sample = 0; sample < Samples; sample++)
        {
            using var tensor = RandomTensor.Normal(new(sample), ElementType.Float32, 1, 6);
            NpyFile.Write(_folder[$"samples/{sample:000}.npy"], tensor);
        }

        var made = await CommandLine.RunAsync("exits", "add", _folder["family/wide.onnx"], "--data", _folder["samples"], "--max-loss", "20%", "--at", "2", "--out", _folder["family/wide.exits.json"]);
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
    }

    private FamilyVariant Write(string name, int width, double agreement)
    {
        var g = new GraphBuilder(seed: 1);
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 6), 16));
        g.Output(g.Gemm(g.Relu(g.Gemm(x, width)), 3, gain: 3), "y");
        g.Save(_folder[$"family/{name}.onnx"]);
        var bytes = File.ReadAllBytes(_folder[$"family/{name}.onnx"]);
        return new() { Name = name, File = $"{name}.onnx", Fingerprint = OnnxModel.Parse(bytes).Fingerprint, Bytes = bytes.Length, Times = [new(1, 1, 1)], Agreement = agreement, AgreementLow = agreement, Cosine = 1, IsParetoOptimal = true };
    }
}
