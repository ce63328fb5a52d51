using System.Diagnostics;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Engine;

/// <summary>A process has one environment of ONNX Runtime, which the application may have made before, with or without a pool of threads.</summary>
public sealed class ProcessEnvironmentTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ProcessEnvironmentTests()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Input("x", ElementType.Float32, 6));
        g.Output(g.Relu(g.Node("Reshape", [x, g.Input("shape", ElementType.Int64, 2)])), "y");
        g.Save(_folder["model.onnx"]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("none", true)]
    [InlineData("none", false)]
    [InlineData("plain", true)]
    [InlineData("plain", false)]
    [InlineData("pooled", true)]
    [InlineData("pooled", false)]
    [InlineData("racing", true)]
    [InlineData("disposed", true)]
    public async Task Models_run_whoever_made_the_environment(string environment, bool sharesPool)
    {
        Assert.Equal(("2×3", ""), await RunAsync(environment, sharesPool, rows: 2, columns: 3));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("plain")]
    public async Task A_run_that_fails_prints_nothing_on_standard_error(string environment)
    {
        var (output, errors) = await RunAsync(environment, sharesPool: true, rows: 4, columns: 2);

        Assert.StartsWith("EngineException: ", output, StringComparison.Ordinal);
        Assert.Contains("Reshape", output, StringComparison.Ordinal);
        Assert.Equal("", errors);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("plain")]
    public async Task A_model_that_does_not_load_prints_nothing_on_standard_error(string environment)
    {
        var g = new GraphBuilder();
        g.Output(g.Node("NoSuchOperator", [g.Input("x", ElementType.Float32, 6), g.Input("shape", ElementType.Int64, 2)]));
        g.Save(_folder["model.onnx"]);

        var (output, errors) = await RunAsync(environment, sharesPool: true, rows: 2, columns: 3);

        Assert.Contains("NoSuchOperator", output, StringComparison.Ordinal);
        Assert.Equal("", errors);
    }

    [Fact]
    public async Task External_data_is_held_in_memory_where_no_temporary_file_can_be_written()
    {
        var g = new GraphBuilder();
        var wide = g.Node("MatMul", [g.Input("x", ElementType.Float32, 6), g.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 6, 20_000))]);
        var x = g.Node("MatMul", [wide, g.Initializer(RandomTensor.Normal(new(2), ElementType.Float32, 20_000, 6))]);
        g.Output(g.Relu(g.Node("Reshape", [x, g.Input("shape", ElementType.Int64, 2)])), "y");
        g.Save(_folder["model.onnx"], "weights.bin");

        Assert.Equal(("2×3", ""), await StartAsync(static start => start.Environment["TMPDIR"] = "/dev/null", _folder["model.onnx"], "none", "True", "2", "3"));
    }

    [Fact]
    public async Task A_tail_that_asks_for_more_memory_than_its_bound_fails_and_the_server_goes_on()
    {
        var g = new GraphBuilder();
        var expanded = g.Node("Expand", [g.Input("x", ElementType.Float32, 1), g.Input("size", ElementType.Int64, 1)]);
        g.Output(g.Node("ReduceMax", [g.Relu(expanded)], ("keepdims", 1)), "y");
        g.Save(_folder["models/expand/1/model.onnx"]);

        var (within, _) = await StartAsync(static _ => { }, _folder["models"], "bounded", $"{256 << 20}", $"{16 << 20}");
        var (over, _) = await StartAsync(static _ => { }, _folder["models"], "bounded", $"{256 << 20}", $"{64 << 20}");

        Assert.Equal(["1", "1"], within.Split('\n', StringSplitOptions.TrimEntries));
        Assert.Equal(["TailRefusedException", "1"], over.Split('\n', StringSplitOptions.TrimEntries));
    }

    private Task<(string Output, string Errors)> RunAsync(string environment, bool sharesPool, int rows, int columns) =>
        StartAsync(static _ => { }, _folder["model.onnx"], environment, $"{sharesPool}", $"{rows}", $"{columns}");

    private static async Task<(string Output, string Errors)> StartAsync(Action<ProcessStartInfo> configure, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "SplitInfer.EngineProcess.dll"), .. arguments]) start.ArgumentList.Add(argument);
        configure(start);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var _ = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (output.Trim(), (await errors).Trim());
    }
}
