using System.Diagnostics;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Engine;

/// <summary>The engine reports nothing to its makers: with that on, it writes an identifier of the machine into the user's folder.</summary>
public sealed class EngineTelemetryTests : IDisposable
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    private readonly TestFolder _folder = new();

    public EngineTelemetryTests()
    {
        Directory.CreateDirectory(_folder["home"]);
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_is_kept_to_tell_machines_apart()
    {
        await InspectAsync(static _ => { });
        Assert.Empty(Directory.EnumerateFiles(_folder["home"], "*", SearchOption.AllDirectories));
    }

    [LinuxFact]
    public async Task Whoever_sets_the_variable_decides()
    {
        await InspectAsync(static environment => environment[Variable] = "0");
        Assert.NotEmpty(Directory.EnumerateFiles(_folder["home"], "*", SearchOption.AllDirectories));
    }

    private async Task InspectAsync(Action<IDictionary<string, string?>> change)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), "inspect", _folder["model.onnx"]]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(Variable);
        start.Environment.Remove("CI"); // the engine reports nothing from build machines, which would hide what is tested
        start.Environment["HOME"] = _folder["home"];
        change(start.Environment);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + await errors);
    }
}
