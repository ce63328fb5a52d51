using System.Text.Json;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>Two processes: <c>serve</c> in one of its own, <c>stream</c> in this one.</summary>
public sealed class StreamTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _model;

    public StreamTests()
    {
        UNet.Build(size: 32).Save(_folder["models/unet/1/model.onnx"]);
        _model = _folder["models/unet/1/model.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_frame_has_a_line_and_the_last_line_sums_up()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("stream", _model, "--server", server.Address, "--partition", "4", "--frames", "12", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var (frames, summary) = (result.Json[..^1], result.Json[^1]);
        Assert.Equal(Enumerable.Range(0, 12), frames.Select(static frame => frame.GetProperty("frame").GetInt32()));
        Assert.All(frames, static frame => Assert.Equal("frame route batch inFlight latencyMs outcome source", CommandLine.Fields(frame)));
        Assert.All(frames, static frame => Assert.Equal(("completed", "split", 4, "Raw"), (
            frame.GetProperty("outcome").GetString(), frame.GetProperty("source").GetString(), frame.GetProperty("route").GetProperty("partition").GetInt32(), frame.GetProperty("route").GetProperty("codec").GetString())));
        Assert.Equal("model frames fps p50Ms p95Ms p99Ms dropped late failed boundRatio", CommandLine.Fields(summary));
        Assert.Equal((12, 0, 0, JsonValueKind.Null), (summary.GetProperty("frames").GetInt32(), summary.GetProperty("dropped").GetInt32(), summary.GetProperty("failed").GetInt32(), summary.GetProperty("boundRatio").ValueKind));

        var planned = await CommandLine.RunAsync("stream", _model, "--server", server.Address, "--frames", "40", "--max-latency", "60000", "--json");
        Assert.Equal((0, ""), (planned.ExitCode, planned.Error));
        Assert.True(planned.Json[^1].GetProperty("boundRatio").GetDouble() > 0);

        var told = await CommandLine.RunAsync("stream", _model, "--server", server.Address, "--frames", "5");
        Assert.Equal((0, ""), (told.ExitCode, told.Error));
        Assert.Contains("frames a second", told.Output, StringComparison.Ordinal);
        Assert.Contains("of 5 frames 0 dropped, 0 late, 0 failed", told.Output, StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Live_frames_for_which_there_is_no_time_are_dropped()
    {
        var result = await CommandLine.RunAsync("stream", _model, "--frames", "2000", "--fps", "100000", "--when-behind", "Drop-Oldest", "--max-in-flight", "1", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var dropped = result.Json[..^1].Count(static frame => frame.GetProperty("outcome").GetString() == "dropped");
        Assert.Equal((dropped, 2000), (result.Json[^1].GetProperty("dropped").GetInt32(), result.Json.Length - 1));
        Assert.True(dropped > 0);
        Assert.All(result.Json[..^1].Where(static frame => frame.GetProperty("outcome").GetString() == "dropped"), static frame => Assert.Equal(JsonValueKind.Null, frame.GetProperty("route").ValueKind));
    }

    [Theory]
    [InlineData("--partition", "3", "Without a server everything runs here. Name one with --server URI, or take partition")]
    [InlineData("--partition", "999", "There is no partition 999.")]
    [InlineData("--when-behind", "drop", "There is no rule 'drop'.")]
    [InlineData("--max-latency", "0", "--max-latency takes a positive number of milliseconds.")]
    public async Task What_makes_no_sense_is_said(string option, string value, string message)
    {
        var result = await CommandLine.RunAsync("stream", _model, option, value, "--frames", "1");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }
}
