using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The sample Stream, run as a user runs it, with a small model.</summary>
public sealed class StreamSampleTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Both_streams_come_to_their_end()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["tiny.onnx"]);
        using var sample = SampleProcess.Start("Stream", "--model", _folder["tiny.onnx"], "--frames", "20");
        await sample.ReadToAsync("^20 frames, on a device 4 times slower");
        await sample.ReadToAsync("^one at a time +[0-9.]+ frames a second, median +[0-9]+ ms: 1?[0-9]|20 × ");
        await sample.ReadToAsync("^several in flight +[0-9.]+ frames a second, ");
        await sample.ReadToAsync("^[0-9.]+ times as many frames a second come through[.]$");
    }
}
