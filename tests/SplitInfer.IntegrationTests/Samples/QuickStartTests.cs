using System.Diagnostics;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The sample QuickStart, run as a user runs it, with a small model.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Partitions_agree_and_a_table_closes_the_run()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["tiny.onnx"]);
        string[] arguments = [Program, "--model", _folder["tiny.onnx"], "--alone", "20"];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + await errors);
        string[] lines = [.. (await output).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        Assert.Contains("Every partition agrees with the whole model.", lines);
        Assert.Matches("device alone +server alone +the policy", lines[^5]);
        Assert.Matches("^fast link, [0-9.]+ Mbit/s( +[0-9]+){3}  (split at [0-9]+|all on the (device|server)), settled after [0-9]+ frames$", lines[^4]);
        Assert.Matches("^slow link, [0-9.]+ Mbit/s( +[0-9]+){3}  (split at [0-9]+|all on the (device|server)), settled after [0-9]+ frames$", lines[^3]);
        Assert.Matches("^both( +[0-9]+){3}$", lines[^2]);
        Assert.Matches("^On average over both links a frame takes [0-9]+ ms with the policy, [0-9]+ on the device alone and [0-9]+ on the server alone; all results agree within [0-9]E[+-][0-9]+[.]$", lines[^1]);
    }

    private static string Program
    {
        get
        {
            // bin/CONFIGURATION/net10.0/RUNTIME, as these tests lie.
            var folder = Path.GetRelativePath(Repository.PathOf("tests/SplitInfer.IntegrationTests"), AppContext.BaseDirectory);
            return Path.Combine(Repository.PathOf("samples/QuickStart"), folder, "QuickStart.dll");
        }
    }
}
