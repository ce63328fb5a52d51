using System.Text.Json;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class PingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public PingTests()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        UNet.Build(size: 32, seed: 7).Save(_folder["other.onnx"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_answers_and_says_whether_it_holds_a_model()
    {
        await using var server = await ServerProcess.StartAsync(_folder["unet.onnx"], "--listen", "tcp://127.0.0.1:0", "--codec", "Raw", "--codec", "Quantized8", "--json");
        var alone = await CommandLine.RunAsync("ping", server.Address, "--json");
        Assert.Equal((0, ""), (alone.ExitCode, alone.Error));
        var line = Assert.Single(alone.Json);
        Assert.Equal("server rttMs minMs maxMs pings codecs model held profiledTails reason", CommandLine.Fields(line));
        Assert.Equal(10, line.GetProperty("pings").GetInt32());
        Assert.InRange(line.GetProperty("rttMs").GetDouble(), line.GetProperty("minMs").GetDouble(), line.GetProperty("maxMs").GetDouble());
        Assert.Equal(["Raw", "Quantized8"], line.GetProperty("codecs").EnumerateArray().Select(static codec => codec.GetString()));
        Assert.Equal(JsonValueKind.Null, line.GetProperty("held").ValueKind);

        var held = await CommandLine.RunAsync("ping", server.Address, _folder["unet.onnx"], "--count", "1", "--json");
        Assert.Equal((0, ""), (held.ExitCode, held.Error));
        Assert.Equal((true, 0), (held.Json[0].GetProperty("held").GetBoolean(), held.Json[0].GetProperty("profiledTails").GetInt32()));

        var missing = await CommandLine.RunAsync("ping", server.Address, _folder["other.onnx"], "--json");
        Assert.Equal(1, missing.ExitCode);
        Assert.False(missing.Json[0].GetProperty("held").GetBoolean());
        Assert.NotEqual("", missing.Json[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task People_are_told_how_many_tails_are_measured()
    {
        await using var server = await ServerProcess.StartAsync(_folder["unet.onnx"], "--listen", "tcp://127.0.0.1:0", "--profile-tails", "--json");
        var held = await CommandLine.RunAsync("ping", server.Address, _folder["unet.onnx"]);
        Assert.Contains(" answers: round trip ", held.Output, StringComparison.Ordinal);
        Assert.Matches("it holds .*unet.onnx .*; [1-9][0-9]* of its tails are measured", held.Output);

        var missing = await CommandLine.RunAsync("ping", server.Address, _folder["other.onnx"]);
        Assert.Contains("does not serve", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whether_the_server_answers_is_asked_before_the_model_is_read()
    {
        await File.WriteAllTextAsync(_folder["broken.onnx"], "no model");
        var result = await CommandLine.RunAsync("ping", "tcp://127.0.0.1:1", _folder["broken.onnx"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("tcp://127.0.0.1:1", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("broken.onnx", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "tcp://127.0.0.1:1", "tcp://127.0.0.1:1")]
    [InlineData(1, "tcp://127.0.0.1:1 nowhere.onnx", "nowhere.onnx")]
    [InlineData(2, "nowhere", "nowhere")]
    [InlineData(2, "udp://127.0.0.1:1", "udp")]
    [InlineData(2, "tcp://127.0.0.1:1 --count 0", "--count")]
    [InlineData(2, "", "URI")]
    public async Task What_goes_wrong_is_told_in_words(int exitCode, string line, string word)
    {
        var result = await CommandLine.RunAsync(["ping", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json"]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }
}
