using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>That benchmarks print what the contract says; never what they measure.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Transport_prints_a_line_for_each_size_and_scheme()
    {
        var result = await CommandLine.RunAsync("bench", "transport", "--rounds", "1", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(8, result.Json.Length);
        Assert.All(result.Json, static l => Assert.Equal("scheme bytes oursUs bareUs ratio", CommandLine.Fields(l)));
    }

    [Fact]
    public async Task Overhead_prints_a_line_for_each_arm_and_a_summary()
    {
        FunctionNet.Build().Save(_folder["model.onnx"]);
        // Memory is measured in processes of its own, so this is one too.
        var result = await CommandLine.StartAsync("bench", "overhead", _folder["model.onnx"], "--json", "--dim", "batch=2");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Json[..^1], static l => Assert.Equal("partition headMs tailMs wholeMs ratio rawWholeMs rawRatio", CommandLine.Fields(l)));
        Assert.StartsWith("medianRatio maxRatio medianRawRatio memoryRatio", CommandLine.Fields(result.Json[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_prints_a_line_for_each_policy_and_random_world_and_the_best_arm_in_hindsight()
    {
        var result = await CommandLine.RunAsync("bench", "policy", "--random", "2", "--seed", "5", "--seeds", "1", "--json");
        Assert.Equal("", result.Error);
        var worlds = result.Json.Where(static l => l.TryGetProperty("scenario", out _)).ToArray();
        Assert.Equal(18, worlds.Length);
        Assert.Equal("BestFixed", worlds[^1].GetProperty("policy").GetString());
        var again = await CommandLine.RunAsync("simulate", "--scenario", worlds[0].GetProperty("scenario").GetString()!, "--json");
        Assert.Equal(worlds[0].GetProperty("meanMs").GetDouble(), again.Json[^1].GetProperty("meanMs").GetDouble(), precision: 9);
    }

    [Theory]
    [InlineData("overhead")]
    [InlineData("transport")]
    public async Task Help_has_an_example(string name)
    {
        var result = await CommandLine.RunAsync("bench", name, "--help");
        Assert.Contains($"splitinfer bench {name}", result.Output, StringComparison.Ordinal);
    }
}
