using SplitInfer.Client;
using SplitInfer.Emulation;
using VideoStream.Video;

namespace VideoStream.Streaming;

/// <summary>Infers on one frame after the other while the link goes through its phases.</summary>
internal sealed class FrameStream(SplitInferenceClient client, EmulatedLink link, Camera camera)
{
    /// <summary>Streams until the frames or the phases have ended, and prints a line a frame.</summary>
    public async Task<List<FrameRecord>> RunAsync(StreamOptions options, TextWriter output)
    {
        output.WriteLine(FrameRecord.Title);
        var frames = new List<FrameRecord>();
        using var stop = new CancellationTokenSource();
        var start = TimeProvider.System.GetTimestamp();
        var phases = link.PlayAsync(options.Phases, stop.Token);
        while (options.Frames is { } count ? frames.Count < count : !phases.IsCompleted)
        {
            var picture = camera.Next(out var isKey);
            using var input = Camera.ToTensor(picture);
            var (at, conditions) = (TimeProvider.System.GetElapsedTime(start), link.Conditions);
            using var result = await client.InferAsync(input, new() { IsKeyFrame = isKey });
            frames.Add(FrameRecord.Of(frames.Count, at, picture, isKey, conditions, result));
            output.WriteLine(frames[^1]);
        }

        await stop.CancelAsync();
        await phases.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return frames;
    }
}
