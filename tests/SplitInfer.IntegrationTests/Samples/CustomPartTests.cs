using System.Diagnostics;
using System.Text.RegularExpressions;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The samples with parts of one's own, as their pages say: each is a process that is given a model.</summary>
public sealed class CustomPartTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _model;

    public CustomPartTests()
    {
        _model = _folder["model.onnx"];
        File.WriteAllBytes(_model, ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_codec_carries_the_boundary() => Assert.Matches("codec Brotli: [1-9][0-9]* of .* result from Split", await RunAsync("CustomCodec"));

    [Fact]
    public async Task A_transport_carries_what_a_policy_decides_and_the_device_finishes_without_it()
    {
        var output = await RunAsync("CustomTransport");
        foreach (var policy in (string[])["AllOnDevice", "AllOnServer", "MuLinUcb"]) Assert.Matches($"{policy}: [0-9.]+ ms a request", output);
        Assert.Matches("AllOnServer without a server: result from Device. The simulated server is down.", output);
    }

    [Fact]
    public async Task A_policy_tries_each_arm_once_and_goes_on_from_its_saved_state()
    {
        var runs = Regex.Matches(await RunAsync("CustomPolicy"), "Run [12]: ([0-9]+) partitions taken by LeastMean");
        var (first, second) = (int.Parse(runs[0].Groups[1].Value), int.Parse(runs[1].Groups[1].Value));
        Assert.True(first > 2 && second < first, $"{first} partitions in the first run and {second} in the second");
    }

    [Fact]
    public async Task An_engine_runs_what_the_device_runs() => Assert.Contains("the engine 10 times for 10 requests", await RunAsync("CustomEngine"), StringComparison.Ordinal);

    private async Task<string> RunAsync(string sample)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, sample + ".dll"), _model]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return await output;
    }
}
