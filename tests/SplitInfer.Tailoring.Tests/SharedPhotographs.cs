using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests;

/// <summary>Photographs as SqueezeNet takes them: BGR planes of 0 to 255, less the mean of each channel.</summary>
internal sealed class SharedPhotographs : ISampleSource, IDisposable
{
    private const int Size = 224, Channels = 3;

    private static readonly float[] Means = [104, 117, 123];

    private readonly TensorValue _pixels;
    private readonly int _first;

    private SharedPhotographs(string name, int first, int count)
    {
        (_first, Count) = (first, count);
        _pixels = NpyFile.Read(SharedData.Data($"{name}_nhwc_u8.npy"));
        using var labels = NpyFile.Read(SharedData.Data($"{name}_labels_i64.npy"));
        Labels = [.. labels.Span<long>()[first..(first + count)].ToArray().Select(static label => (int)label)];
    }

    /// <summary>Photographs to calibrate with.</summary>
    public static SharedPhotographs Calibration(int count = 200) => new("imagenet200", 0, count);

    /// <summary>Others, to judge by.</summary>
    public static SharedPhotographs Judgement(int count = 200) => new("imagenet200b", 0, count);

    public int Count { get; }

    /// <summary>The right classes.</summary>
    public int[] Labels { get; }

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs)
    {
        var picture = TensorValue.Allocate(ElementType.Float32, new([1, Channels, Size, Size]));
        var elements = picture.Span<float>();
        var pixels = _pixels.Span<byte>().Slice((_first + sample) * Size * Size * Channels, Size * Size * Channels);
        for (var channel = 0; channel < Channels; channel++)
            for (var pixel = 0; pixel < Size * Size; pixel++) elements[(channel * Size * Size) + pixel] = pixels[(pixel * Channels) + Channels - 1 - channel] - Means[channel];
        return [picture];
    }

    public void Dispose() => _pixels.Dispose();
}
