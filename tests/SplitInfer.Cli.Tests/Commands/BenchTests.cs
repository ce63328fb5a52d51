using SplitInfer.Cli.Benchmarks;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>That benchmarks print what the contract says; never what they measure.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Transport_prints_a_line_for_each_size_and_scheme()
    {
        var result = await CommandLine.RunAsync("bench", "transport", "--rounds", "1", "--json");
        Assert.Equal("", result.Error);
        Assert.All(result.Json, static l => Assert.Equal("scheme bytes oursUs bareUs ratio allocatedBytes", CommandLine.Fields(l)));
        Assert.Equal(7 * 4, result.Json.Length);
        Assert.Equal(["oip-grpc", "oip-http", "tcp", "tls", "unix", "ws", "wss"], result.Json.Select(static l => l.GetProperty("scheme").GetString()!).Distinct().Order());
    }

    [Fact]
    public async Task Telemetry_prints_a_line_for_each_path_and_listener()
    {
        // What other tests of this process allocate would count.
        var result = await CommandLine.StartAsync("bench", "telemetry", "--rounds", "2", "--requests", "100", "--json");
        Assert.Equal("", result.Error);
        Assert.All(result.Json, static l => Assert.Equal("path listening nsPerRequest addedNs allocatedBytes addedBytes", CommandLine.Fields(l)));
        Assert.Equal(["device nobody", "device metrics", "device traces1", "device traces100", "server nobody", "server metrics", "server traces1", "server traces100"],
            result.Json.Select(static l => $"{l.GetProperty("path").GetString()} {l.GetProperty("listening").GetString()}"));
        Assert.All(result.Json.Where(static l => l.GetProperty("listening").GetString() == "nobody"), static l => Assert.Equal((0, 0), (l.GetProperty("addedNs").GetDouble(), l.GetProperty("addedBytes").GetDouble())));
        // A span is an object, so all requests traced allocate more than none.
        Assert.All(result.Json.Where(static l => l.GetProperty("listening").GetString() == "traces100"), static l => Assert.True(l.GetProperty("addedBytes").GetDouble() > 0));
    }

    [Fact]
    public async Task Load_prints_a_line_for_each_phase_and_what_they_come_to()
    {
        File.WriteAllBytes(_folder["model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        await using var server = await ServerProcess.StartAsync(_folder["model.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("bench", "load", _folder["model.onnx"], "--server", server.Address, "--seconds", "1", "--connections", "2", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(["saturation", "calm", "overload", "after", "greedy", "polite"], result.Json[..^1].Select(static l => l.GetProperty("phase").GetString()));
        Assert.All(result.Json[..^1], static l => Assert.Equal("phase offeredPerSecond completedPerSecond refusedPerSecond failedPerSecond p50Ms p99Ms refusalP50Ms refusalP99Ms lateP99Ms", CommandLine.Fields(l)));
        Assert.All(result.Json[..^1], static l => Assert.True(l.GetProperty("completedPerSecond").GetDouble() > 0));
        Assert.Equal("goodputRatio p99Ratio recoverySeconds politeShare", CommandLine.Fields(result.Json[^1]));
    }

    [Theory]
    [InlineData("bursts")]
    [InlineData("minutes")]
    public async Task Load_may_come_unevenly(string arrivals)
    {
        File.WriteAllBytes(_folder["model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        await using var server = await ServerProcess.StartAsync(_folder["model.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("bench", "load", _folder["model.onnx"], "--server", server.Address, "--seconds", "1", "--connections", "2", "--arrivals", arrivals, "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(7, result.Json.Length);
    }

    [Fact]
    public async Task Server_prints_a_line_for_each_contender_and_number_of_clients()
    {
        File.WriteAllBytes(_folder["model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        await using var server = await ServerProcess.StartAsync(_folder["model.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("bench", "server", _folder["model.onnx"], "--server", server.Address, "--clients", "1,3", "--seconds", "0.2", "--rounds", "2", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(["bare 1", "splitinfer 1", "bare 3", "splitinfer 3"], result.Json.Select(static l => $"{l.GetProperty("contender").GetString()} {l.GetProperty("clients").GetInt32()}"));
        Assert.All(result.Json, static l => Assert.Equal("contender clients perSecond p50Ms p99Ms perSecondRatio p50Ratio", CommandLine.Fields(l)));
        Assert.All(result.Json, static l => Assert.True(l.GetProperty("perSecond").GetDouble() > 0));
        Assert.All(result.Json.Where(static l => l.GetProperty("contender").GetString() == "bare"), static l => Assert.Equal(1, l.GetProperty("perSecondRatio").GetDouble()));
    }

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Swap_prints_what_clients_notice()
    {
        File.WriteAllBytes(_folder["model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        var result = await CommandLine.StartAsync("bench", "swap", _folder["model.onnx"], "--swaps", "2", "--clients", "2", "--json");
        Assert.Equal("", result.Error);
        var line = Assert.Single(result.Json);
        Assert.Equal("swaps requests refused failed firstFailure saturationPerSecond soloP99Ms p99Ms longestGapMs longestSwapSeconds growthMiB", CommandLine.Fields(line));
        Assert.Equal((2, 0), (line.GetProperty("swaps").GetInt32(), line.GetProperty("failed").GetInt32()));
        Assert.True(line.GetProperty("requests").GetInt32() > 0);
    }

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Batch_prints_a_line_for_each_server_in_turn_and_what_they_come_to()
    {
        File.WriteAllBytes(_folder["model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        var result = await CommandLine.RunAsync("bench", "batch", _folder["model.onnx"], "--partition", "3", "--seconds", "0.5", "--connections", "12", "--max-batch", "4", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal([1, 4, 4, 1, 1, 4], result.Json[..6].Select(static l => l.GetProperty("maxBatch").GetInt32()));
        Assert.Equal(2 * 9, result.Json.Length - 1);
        Assert.All(result.Json[..^1], static l => Assert.Equal("partition maxBatch perSecond p50Ms p99Ms", CommandLine.Fields(l)));
        Assert.All(result.Json[..^1], static l => Assert.True(l.GetProperty("perSecond").GetDouble() > 0));
        Assert.Equal("partition connections maxBatch alonePerSecond togetherPerSecond ratio decision", CommandLine.Fields(result.Json[^1]));
        Assert.Contains("from partition 3 on", result.Json[^1].GetProperty("decision").GetString(), StringComparison.Ordinal);
        Assert.Contains("has no tail", (await CommandLine.RunAsync("bench", "batch", _folder["model.onnx"], "--partition", "9999")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_prints_a_line_for_each_graph()
    {
        var result = await CommandLine.RunAsync("bench", "plan", "--chain", "50", "--dense", "20", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(2, result.Json.Length);
        Assert.All(result.Json, static l => Assert.Equal("graph nodes edges fileBytes readMs planMs totalMs cpuMs partitions fingerprint", CommandLine.Fields(l)));
        Assert.Equal(210, result.Json[1].GetProperty("edges").GetInt64());
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
    public async Task Codec_prints_a_line_for_each_codec_and_tool()
    {
        UNet.Build(size: 32).Save(_folder["model.onnx"]);
        NpyFile.Write(_folder["image.npy"], RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 32, 32));
        string[] line = ["bench", "codec", _folder["model.onnx"], "--input", _folder["image.npy"], "--partitions", "2", "--codec", "Raw", "--codec", "Quantized4"];
        var result = await CommandLine.RunAsync([.. line, "--json"]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["Raw", "Quantized4", .. CompressionTool.Installed().Select(static tool => tool.Command)], result.Json.Select(static l => l.GetProperty("codec").GetString()));
        Assert.All(result.Json, static l => Assert.Equal("partition codec ratio encodeGBs decodeGBs bitsPerValue maxAbsError psnr", CommandLine.Fields(l)));
        Assert.Equal((1, 32, 0), (Number(0, "ratio"), Number(0, "bitsPerValue"), Number(0, "maxAbsError")));
        Assert.True(Number(1, "ratio") > 6 && Number(1, "maxAbsError") > 0 && Number(1, "psnr") > 10);

        var table = await CommandLine.RunAsync(line);
        Assert.Contains("partition 2", table.Output, StringComparison.Ordinal);
        Assert.Contains("Quantized4", table.Output, StringComparison.Ordinal);

        double Number(int index, string field) => result.Json[index].GetProperty(field).GetDouble();
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

    [Fact]
    public async Task Policy_prints_a_line_for_each_world_of_several_variants_and_sums_up()
    {
        var result = await CommandLine.RunAsync("bench", "policy", "--families", "3", "--seed", "5", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(4, result.Json.Length);
        Assert.All(result.Json[..^1], static line => Assert.Equal("world minAccuracy arms prunedArms pruningLoss meanMs oracleMeanMs singleKnob singleKnobMs overSingleKnob steadyExcess", CommandLine.Fields(line)));
        Assert.Equal("worlds worseBy1 worseBy3 meanSteadyExcess meanPruningLoss mostArms medianGain", CommandLine.Fields(result.Json[^1]));
        Assert.Equal(3, result.Json[^1].GetProperty("worlds").GetInt32());
        var again = await CommandLine.RunAsync("simulate", "--scenario", result.Json[0].GetProperty("world").GetString()!, "--json");
        Assert.Equal(result.Json[0].GetProperty("oracleMeanMs").GetDouble(), again.Json[^1].GetProperty("oracleMeanMs").GetDouble(), precision: 9);
        Assert.Contains("accuracy asked for", (await CommandLine.RunAsync("bench", "policy", "--families", "2")).Output, StringComparison.Ordinal);
    }

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Policy_plays_devices_of_one_core_and_without_races()
    {
        string[] command = ["bench", "policy", "--random", "6", "--seed", "5", "--seeds", "1", "--json"];
        var means = new List<double>();
        foreach (var line in (string[][])[command, [.. command, "--one-core"], [.. command, "--no-races"]])
        {
            var result = await CommandLine.RunAsync(line);
            Assert.Equal("", result.Error);
            means.Add(result.Json.Where(static l => l.GetProperty("policy").GetString() == "MuLinUcb" && l.TryGetProperty("meanMs", out _)).Sum(static l => l.GetProperty("meanMs").GetDouble()));
        }

        Assert.Equal(3, means.Distinct().Count());
        Assert.True(means[2] > means[0]);
    }

    [Theory]
    [InlineData("codec")]
    [InlineData("overhead")]
    [InlineData("transport")]
    public async Task Help_has_an_example(string name)
    {
        var result = await CommandLine.RunAsync("bench", name, "--help");
        Assert.Contains($"splitinfer bench {name}", result.Output, StringComparison.Ordinal);
    }
}
