using System.Diagnostics;
using System.Text.Json;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class VerifyFolderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_is_verified_to_the_end_and_summed_up_by_reason()
    {
        FunctionNet.Build().Save(_folder["a/model.onnx"]);
        Broken("left").Save(_folder["b/model.onnx"]);
        Broken("right").Save(_folder["c/model.onnx"]);
        File.WriteAllText(_folder["d/model.onnx"], "");
        TwoNodes().Save(_folder["e.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder.Path, "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(3, result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        var models = result.Json.Where(static line => line.TryGetProperty("model", out _)).ToArray();
        Assert.Equal(["a/model.onnx", "b/model.onnx", "c/model.onnx", "d/model.onnx", "e.onnx"], models.Select(m => Path.GetRelativePath(_folder.Path, m.GetProperty("model").GetString()!)));
        Assert.Equal([false, true, true, true, false], models.Select(static m => m.TryGetProperty("refused", out _)));
        var summary = result.Json[^1];
        Assert.Equal("models verified failed refused incomparable partitionsRun reasons", CommandLine.Fields(summary));
        Assert.Equal([5, 2, 0, 3, 0], Counts(summary));
        Assert.Equal(result.Json.Length - 6, summary.GetProperty("partitionsRun").GetInt32());
        var reasons = summary.GetProperty("reasons").EnumerateArray().ToArray();
        Assert.Equal("outcome reason models example", CommandLine.Fields(reasons[0]));
        Assert.Equal([2, 1], reasons.Select(static r => r.GetProperty("models").GetInt32()));
        Assert.Equal(_folder["b/model.onnx"], reasons[0].GetProperty("example").GetString());
        Assert.DoesNotContain("left", reasons[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_ends_with_the_same_summary()
    {
        FunctionNet.Build().Save(_folder["a.onnx"]);
        Broken("left").Save(_folder["b.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder.Path);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("2 models: 1 verified, 0 failed, 1 refused, 0 cannot be compared", result.Output, StringComparison.Ordinal);
        Assert.Contains($"such as {_folder["b.onnx"]}", result.Output, StringComparison.Ordinal);
        Assert.Contains(_folder["b.onnx"], result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_which_nothing_can_be_verified_is_an_error()
    {
        Broken("left").Save(_folder["b.onnx"]);
        Assert.Equal(1, (await CommandLine.RunAsync("verify", _folder.Path)).ExitCode);
    }

    [Fact]
    public async Task Inputs_and_known_outputs_beside_a_model_are_taken()
    {
        TwoNodes().Save(_folder["right/model.onnx"]);
        TensorProtoWriter.WriteFile(_folder["right/test_data_set_0/input_0.pb"], TensorValue.From<float>([1, -5, 3, 0]), "x");
        TensorProtoWriter.WriteFile(_folder["right/test_data_set_0/output_0.pb"], TensorValue.From<float>([1, 0, 3, 0]), "y");
        TwoNodes().Save(_folder["wrong/model.onnx"]);
        NpyFile.Write(_folder["wrong/inputs/x.npy"], TensorValue.From<float>([1, -5, 3, 0]));
        TensorProtoWriter.WriteFile(_folder["wrong/inputs/output_0.pb"], TensorValue.From<float>([1, 0, 3, 7]), "y");
        var result = await CommandLine.RunAsync("verify", _folder.Path, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal([2, 1, 1, 0, 0], Counts(result.Json[^1]));
        Assert.Contains("known outputs", result.Json[^1].GetProperty("reasons")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(7, result.Json.Where(static line => line.TryGetProperty("knownOutputsDiffer", out _)).Max(static line => line.GetProperty("maxAbsDiff").GetDouble()));
    }

    [Fact]
    public async Task Sizes_of_other_models_are_no_mistake_among_several()
    {
        FunctionNet.Build().Save(_folder["batched.onnx"]);
        TwoNodes().Save(_folder["fixed.onnx"]);
        Assert.Equal(0, (await CommandLine.RunAsync("verify", _folder.Path, "--dim", "batch=3")).ExitCode);
        Assert.Equal(2, (await CommandLine.RunAsync("verify", _folder["fixed.onnx"], "--dim", "batch=3")).ExitCode);
    }

    [Theory]
    [InlineData("2", "0,9")]
    [InlineData("4", "0,3,6,9")]
    [InlineData("50", "0,1,2,3,4,5,6,7,8,9")]
    public async Task A_sample_of_cuts_can_be_run(string cuts, string run)
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--cuts", cuts, "--json");
        Assert.Equal(run, string.Join(',', result.Json[..^1].Select(static p => p.GetProperty("partition").GetInt32())));
        Assert.Equal(2, (await CommandLine.RunAsync("verify", _folder["model.onnx"], "--cuts", "1")).ExitCode);
    }

    [Fact]
    public async Task A_crash_of_the_only_model_is_told_in_words()
    {
        EndlessNet.Build().Save(_folder["endless.onnx"]);
        using var tool = Process.Start(CommandLine.ExecutableWith(["verify", _folder["endless.onnx"], "--json"]))!;
        var (output, error) = (tool.StandardOutput.ReadToEndAsync(), tool.StandardError.ReadToEndAsync());
        using (var worker = await ChildProcess.OfAsync(tool)) worker.Kill();
        await tool.WaitForExitAsync();
        Assert.Equal(1, tool.ExitCode);
        Assert.Contains("the process died (signal SIGKILL", await error, StringComparison.Ordinal);
        var line = JsonDocument.Parse(Assert.Single((await output).Split('\n', StringSplitOptions.RemoveEmptyEntries))).RootElement;
        Assert.Equal(1, line.GetProperty("failed").GetInt32());
        Assert.Contains("died", line.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [LongFact]
    [Trait("Category", "Long")]
    public async Task An_endless_model_is_given_up_at_the_time_limit()
    {
        EndlessNet.Build().Save(_folder["endless.onnx"]);
        FunctionNet.Build().Save(_folder["good.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder.Path, "--time-limit", "20");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("took more than 20 s", result.Output, StringComparison.Ordinal);
        Assert.Contains("good.onnx: ok", result.Output, StringComparison.Ordinal);
    }

    private static int[] Counts(JsonElement summary) =>
        [.. ((string[])["models", "verified", "failed", "refused", "incomparable"]).Select(name => summary.GetProperty(name).GetInt32())];

    private static GraphBuilder TwoNodes()
    {
        var g = new GraphBuilder();
        g.Output(g.Identity(g.Relu(g.Input("x", ElementType.Float32, 4))), "y");
        return g;
    }

    /// <summary>A model that is refused for a reason that names a value.</summary>
    private static GraphBuilder Broken(string missing)
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(new Value(missing, ElementType.Float32)), "y");
        return g;
    }
}
