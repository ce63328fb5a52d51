using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>That the benchmark prints what the contract says, in a process of its own, since it ties itself to a processor; never what it measures.</summary>
public sealed class BenchStreamTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Every_contender_streams_through_a_real_server()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var result = await CommandLine.StartAsync("bench", "stream", _folder["unet.onnx"], "--mbps", "50", "--quota", "50", "--frames", "12", "--seconds", "5", "--scout", "2", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Json, static row => Assert.Equal("world contender frames fps laterFps p50Ms p95Ms dropped boundRatio route routeShare", CommandLine.Fields(row)));
        Assert.Equal(
            ["planner", "AllOnDevice", "AllOnServer", "Neurosurgeon", "MuLinUcb", "AllOnServer, pipelined", "best fixed cut, pipelined"],
            result.Json.Select(static row => row.GetProperty("contender").GetString()));
        Assert.All(result.Json, static row => Assert.True(row.GetProperty("frames").GetInt32() == 12 && row.GetProperty("fps").GetDouble() > 0));
    }
}
