using SplitInfer.Testing;
using SplitInfer.Testing.Networks;
using VideoStream;
using VideoStream.Report;
using VideoStream.Streaming;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The sample VideoStream streams over a server, a slow device and a link of its own, and writes its page.</summary>
public sealed class VideoStreamTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_frame_is_on_the_page()
    {
        var options = new StreamOptions { Model = _folder["tiny.onnx"], Out = _folder["page.html"], Frames = 7, SecondsPerPhase = 0.02, Slowdown = 1 };
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(options.Model);
        await using var output = new StringWriter();
        await Demonstration.RunAsync(options, output);
        Assert.Contains("Mean delay", output.ToString(), StringComparison.Ordinal);
        var page = await File.ReadAllTextAsync(options.Out);
        Assert.Contains("\"frame\":6,", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\"frame\":7,", page, StringComparison.Ordinal);
        Assert.Contains("\"takeaway\":\"Over a link of ", page, StringComparison.Ordinal);
        Assert.Contains("\"pictures\":[{\"frame\":0,\"data\":\"data:image/jpeg;base64,", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sentence_says_what_a_stream_has_shown()
    {
        FrameLine frame = new(0, 0, IsKey: false, IsForced: false, IsRaced: false, 26, 1000, Mbps: 4, TotalMs: 90, null, 26, OracleMs: 80, OnDeviceMs: 180, OnServerMs: 90.1, BestFixedMs: 100);
        Assert.Equal(
            "Over a link of 50, then 4 Mbit/s, a frame with MuLinUcb took 90 ms on average: 10 % less than the best fixed partition (42), 50 % less than the device alone "
            + "and as long as the server alone; with hindsight it might have taken 80 ms.",
            Takeaway.Of("MuLinUcb", [50, 4], bestFixed: 42, [frame, frame]));
    }
}
