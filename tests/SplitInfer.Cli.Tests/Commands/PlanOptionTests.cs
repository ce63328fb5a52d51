using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>Options of plans, which every command that makes one takes.</summary>
public sealed class PlanOptionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--max-boundary-tensors", "1", "more than")]
    [InlineData("--min-depth", "4", "fewer than")]
    [InlineData("--max-upload-bytes", "4096", "bytes cross the cut")]
    public async Task Cuts_can_be_ruled_out(string option, string bound, string reason)
    {
        UNet.Build(size: 32).Save(_folder["model.onnx"]);
        var free = await CommandLine.RunAsync("inspect", _folder["model.onnx"], "--json");
        var bounded = await CommandLine.RunAsync("inspect", _folder["model.onnx"], "--json", option, bound);
        Assert.All(free.Json[..^1], static p => Assert.True(p.GetProperty("admissible").GetBoolean()));
        Assert.Contains(bounded.Json[..^1], p => p.GetProperty("reason").GetString()?.Contains(reason, StringComparison.Ordinal) is true);
        // What both ends must agree on stays the same.
        Assert.Equal(free.Json[^1].GetProperty("plan").GetString(), bounded.Json[^1].GetProperty("plan").GetString());

        var verified = await CommandLine.RunAsync("verify", _folder["model.onnx"], "--json", option, bound);
        Assert.Equal(bounded.Json[..^1].Count(static p => !p.GetProperty("admissible").GetBoolean()), verified.Json[^1].GetProperty("skipped").GetInt32());
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("calibrate")]
    [InlineData("serve")]
    [InlineData("run")]
    [InlineData("bench overhead")]
    [InlineData("bench codec")]
    public async Task Every_command_that_makes_a_plan_takes_them(string command)
    {
        var help = await CommandLine.RunAsync([.. command.Split(' '), "--help"]);
        foreach (var option in (string[])["--dim", "--max-boundary-tensors", "--min-depth", "--max-upload-bytes", "--custom-ops"])
            Assert.Contains(option, help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-boundary-tensors -1")]
    [InlineData("--min-depth few")]
    [InlineData("--max-upload-bytes -5")]
    [InlineData("--custom-ops nowhere.so")]
    public async Task Bounds_that_make_no_sense_are_wrong_usage(string option)
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        Assert.Equal(2, (await CommandLine.RunAsync(["inspect", _folder["model.onnx"], .. option.Split(' ')])).ExitCode);
    }

    [Fact]
    public async Task A_library_without_operators_is_an_error_in_words()
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        File.WriteAllText(_folder["operators.so"], "no library");
        var result = await CommandLine.RunAsync("inspect", _folder["model.onnx"], "--custom-ops", _folder["operators.so"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("operators.so", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_can_be_made_with_inputs_of_a_folder()
    {
        var g = new GraphBuilder();
        var (x, shape) = (g.Input("x", ElementType.Float32, 2, 3, 2), g.Input("shape", ElementType.Int64, 2));
        g.Output(g.Relu(g.Node("Reshape", [x, shape])), "y");
        g.Save(_folder["model.onnx"]);
        var without = await CommandLine.RunAsync("inspect", _folder["model.onnx"]);
        Assert.Contains("--inputs DIR", without.Error, StringComparison.Ordinal);

        NpyFile.Write(_folder["inputs/shape.npy"], TensorValue.From<long>([3, 4]));
        var with = await CommandLine.RunAsync("inspect", _folder["model.onnx"], "--inputs", Path.Combine(_folder.Path, "inputs"));
        Assert.Equal("", with.Error);
        var nowhere = await CommandLine.RunAsync("inspect", _folder["model.onnx"], "--inputs", "nowhere");
        Assert.Equal(1, nowhere.ExitCode);
        Assert.Contains("'nowhere'", nowhere.Error, StringComparison.Ordinal);
    }
}
