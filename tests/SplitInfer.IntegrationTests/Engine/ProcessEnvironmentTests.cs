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

    private async Task<(string Output, string Errors)> RunAsync(string environment, bool sharesPool, int rows, int columns)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "SplitInfer.EngineProcess.dll"), _folder["model.onnx"], environment, $"{sharesPool}", $"{rows}", $"{columns}"])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var _ = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (output.Trim(), (await errors).Trim());
    }
}
