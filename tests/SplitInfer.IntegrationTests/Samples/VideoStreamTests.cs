using SplitInfer.Testing;
using SplitInfer.Testing.Networks;
using VideoStream;
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
    }
}
