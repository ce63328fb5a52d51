using SplitInfer.Tensors;

namespace FrameStream;

/// <summary>Frames that come again and again: the .npy files of a folder, or noise.</summary>
internal sealed class Frames : IDisposable
{
    private const int MadeUp = 8;

    private readonly TensorValue[] _frames;

    private Frames(TensorValue[] frames) => _frames = frames;

    /// <summary>Reads a folder, or makes frames up.</summary>
    /// <param name="folder">The folder; null makes them up.</param>
    /// <param name="input">What the model takes.</param>
    public static Frames Open(string? folder, TensorSpec input) => new(folder is null
        ? [.. Enumerable.Range(0, MadeUp).Select(seed => Noise(input, new(seed)))]
        : [.. Directory.GetFiles(folder, "*.npy").Order(StringComparer.Ordinal).Select(static path => NpyFile.Read(path))]);

    /// <summary>So many frames, as fast as they are asked for. A camera would wait here for its next picture.</summary>
    public async IAsyncEnumerable<TensorValue> TakeAsync(int count)
    {
        await Task.CompletedTask;
        // Each must stay as it is until its result has come; these never change.
        for (var frame = 0; frame < count; frame++) yield return _frames[frame % _frames.Length];
    }

    public void Dispose()
    {
        foreach (var frame in _frames) frame.Dispose();
    }

    private static TensorValue Noise(TensorSpec input, Random random)
    {
        var frame = TensorValue.Allocate(input.Type, new(input.Shape.Dimensions));
        foreach (ref var value in frame.Span<float>()) value = (random.NextSingle() * 2) - 1;
        return frame;
    }
}
