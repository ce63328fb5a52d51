using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class VerifyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_has_a_line_for_each_partition_and_one_for_each_model()
    {
        Detector.Build(size: 32, width: 4).Save(_folder["detector.onnx"]);
        FunctionNet.Build().Save(_folder["functions.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["detector.onnx"], _folder["functions.onnx"], "--json", "--threads", "1");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);

        Assert.Equal(2, result.Json[^1].GetProperty("models").GetInt32());
        var lines = result.Json.SkipLast(1).ToLookup(static line => line.TryGetProperty("model", out _));
        var (models, partitions) = (lines[true].ToArray(), lines[false].ToArray());
        Assert.Equal([_folder["detector.onnx"], _folder["functions.onnx"]], models.Select(static m => m.GetProperty("model").GetString()));
        Assert.All(models, static m => Assert.Equal("model partitions failed skipped skippedBecause", CommandLine.Fields(m)));
        Assert.All(partitions, static p => Assert.Equal("partition maxAbsDiff maxRelDiff bitExact ok tolerance", CommandLine.Fields(p)));
        Assert.All(partitions, static p => Assert.True(p.GetProperty("ok").GetBoolean()));
        Assert.Equal(models.Sum(static m => m.GetProperty("partitions").GetInt32() - m.GetProperty("skipped").GetInt32()), partitions.Length);
    }

    [Fact]
    public async Task Supplied_inputs_and_outputs_are_used()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "n");
        g.Output(g.Relu(g.Add(x, g.Input("y", ElementType.Float32, "n"))), "z");
        g.Save(_folder["model.onnx"]);
        NpyFile.Write(_folder["data/x.npy"], TensorValue.From<float>([1, -5, 3]));
        TensorProtoWriter.WriteFile(_folder["data/input_1.pb"], TensorValue.From<float>([1, 1, 1]), "y");
        TensorProtoWriter.WriteFile(_folder["data/output_0.pb"], TensorValue.From<float>([2, 0, 4]), "z");
        var right = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--inputs", _folder["data"]);
        Assert.Equal("", right.Error);
        Assert.Equal(0, right.ExitCode);
        Assert.Contains("3 of 3 partitions", right.Output, StringComparison.Ordinal);

        TensorProtoWriter.WriteFile(_folder["data/output_0.pb"], TensorValue.From<float>([2, 0, 4.01f]), "z");
        var wrong = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--inputs", _folder["data"], "--json");
        Assert.Equal(1, wrong.ExitCode);
        Assert.All(wrong.Json[..^1], static p => Assert.False(p.GetProperty("ok").GetBoolean()));
        Assert.Equal(0.01, wrong.Json[0].GetProperty("maxAbsDiff").GetDouble(), 4);
        Assert.Equal(3, wrong.Json[^1].GetProperty("failed").GetInt32());

        var lenient = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--inputs", _folder["data"], "--tolerance", "0.1");
        Assert.Equal(0, lenient.ExitCode);
    }

    [Fact]
    public async Task One_bad_model_does_not_keep_the_others_from_being_verified()
    {
        File.WriteAllText(_folder["bad.onnx"], "no");
        FunctionNet.Build().Save(_folder["good.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["bad.onnx"], _folder["good.onnx"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("bad.onnx", result.Error, StringComparison.Ordinal);
        Assert.Contains("good.onnx: ok", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cuts_that_cannot_be_made_are_counted_by_reason()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 4);
        var sequence = g.Node("SequenceConstruct", [g.Relu(x), g.Tanh(x)]);
        g.Output(g.Node("SequenceAt", [sequence, g.Scalar(ElementType.Int64, 1)]).Typed(ElementType.Float32), "y");
        g.Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(1, result.Json[^1].GetProperty("skipped").GetInt32());
        Assert.Equal("""{"a value crosses the cut and is a sequence":1}""", result.Json[^1].GetProperty("skippedBecause").GetRawText());
    }

    [Theory]
    [InlineData("arms", 0, "0,9")]
    [InlineData("3,0", 0, "0,3")]
    [InlineData("99", 2, "")]
    [InlineData("most", 2, "")]
    public async Task Some_partitions_can_be_chosen(string choice, int exitCode, string verified)
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--partitions", choice, "--json");
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal(verified, string.Join(',', result.Json.SkipLast(1).Select(static p => p.GetProperty("partition").GetInt32())));
    }

    [Fact]
    public async Task Sixteen_bit_values_are_granted_their_own_precision()
    {
        HalfConvNet.Build().Save(_folder["half.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["half.onnx"], "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Json[..^1], static p => Assert.Equal(8.0 / 1024, p.GetProperty("tolerance").GetDouble()));
    }

    [Theory]
    [InlineData(true, "cannot be compared: Dropout in training mode draws random numbers: node 'Dropout")]
    [InlineData(false, ": ok; ")]
    public async Task A_model_that_draws_random_numbers_is_no_failure(bool trains, string told)
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Input("x", ElementType.Float32, 100));
        g.Output(g.Relu(g.Node("Dropout", [x, g.Scalar(x.Type, 0.5), g.Constant(TensorValue.From<bool>([trains]))])), "y");
        g.Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(told, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_numbers_in_a_body_are_found()
    {
        var g = new GraphBuilder();
        var (flag, x) = (g.Input("flag", ElementType.Bool), g.Input("x", ElementType.Float32, 4));
        var (yes, no) = (g.Body("yes"), g.Body("no"));
        yes.Output(yes.Node("RandomNormalLike", [x]));
        no.Output(no.Relu(x));
        g.Output(g.Relu(g.Node("If", [flag], ("then_branch", yes), ("else_branch", no)).Typed(x.Type)), "y");
        g.Save(_folder["model.onnx"]);
        var line = Assert.Single((await CommandLine.RunAsync("verify", _folder["model.onnx"], "--json")).Json);
        Assert.Equal("model partitions failed skipped skippedBecause refused", CommandLine.Fields(line));
        Assert.Contains("RandomNormalLike draws random numbers", line.GetProperty("refused").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_that_is_listed_twice_is_compared_twice()
    {
        var g = new GraphBuilder();
        var y = g.Output(g.Tanh(g.Relu(g.Input("x", ElementType.Float32, 4))), "y");
        g.Output(y);
        g.Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("ok; 3 of 3 partitions run", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify", "--inputs DIR")]
    [InlineData("bench overhead", "--inputs DIR")]
    [InlineData("bench codec --partitions 1", "--input NAME=FILE")]
    [InlineData("run --frames 1", "--input NAME=FILE")]
    public async Task A_model_that_made_up_inputs_do_not_suit_is_named_with_what_to_give(string command, string option)
    {
        var g = new GraphBuilder();
        var (table, place) = (g.Initializer(TensorValue.From<float>([7], 1)), g.Input("place", ElementType.Int64, 3));
        g.Output(g.Relu(g.Node("Gather", [table, place])), "y");
        g.Save(_folder["model.onnx"]);
        var result = await CommandLine.RunAsync([.. command.Split(' '), _folder["model.onnx"]]);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"{_folder["model.onnx"]}: ", result.Error, StringComparison.Ordinal);
        Assert.Contains($"Give real ones for 'place' with {option}, or sizes with --dim name=size.", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--inputs", "nowhere")]
    [InlineData("--inputs", "wrong")]
    public async Task Inputs_that_are_missing_or_do_not_fit_are_errors(string option, string folder)
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        NpyFile.Write(_folder["wrong/x.npy"], TensorValue.From<int>([1, 2], 1, 2));
        var result = await CommandLine.RunAsync("verify", _folder["model.onnx"], option, Path.Combine(_folder.Path, folder));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.NotEqual("", result.Error);
    }
}
