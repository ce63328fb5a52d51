using Extending;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The parts of one's own that the samples show do their work.</summary>
public sealed class ExtendingTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _model;

    public ExtendingTests()
    {
        _model = _folder["model.onnx"];
        File.WriteAllBytes(_model, ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_codec_carries_the_boundary() => Assert.Matches("codec Brotli: [1-9][0-9]* of .* result from Split", await RunAsync(BrotliCodec.RunAsync));

    [Fact]
    public async Task A_transport_carries_what_a_policy_decides_and_the_device_finishes_without_it()
    {
        var output = await RunAsync(SimulatedTransport.RunAsync);
        foreach (var policy in (string[])["AllOnDevice", "AllOnServer", "MuLinUcb"]) Assert.Matches($"{policy}: [0-9.]+ ms a request", output);
        Assert.Matches("AllOnServer without a server: result from Device. The simulated server is down.", output);
    }

    [Fact]
    public async Task A_policy_tries_each_arm_once_and_goes_on_from_its_saved_state()
    {
        var runs = System.Text.RegularExpressions.Regex.Matches(await RunAsync(LeastMeanPolicy.RunAsync), "Run [12]: ([0-9]+) partitions taken by LeastMean");
        var (first, second) = (int.Parse(runs[0].Groups[1].Value), int.Parse(runs[1].Groups[1].Value));
        Assert.True(first > 2 && second < first, $"{first} partitions in the first run and {second} in the second");
    }

    [Fact]
    public async Task An_engine_runs_what_the_device_runs() => Assert.Contains("the engine 10 times for 10 requests", await RunAsync(CountingEngine.RunAsync), StringComparison.Ordinal);

    private async Task<string> RunAsync(Func<string, TextWriter, Task> sample)
    {
        await using var output = new StringWriter();
        await sample(_model, output);
        return output.ToString();
    }
}
