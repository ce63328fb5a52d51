using System.Runtime.Intrinsics;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

/// <summary>Where the three numbers of a pixel lie in a tensor.</summary>
internal readonly struct PixelPlaces(ImagePreprocessing options)
{
    private readonly int _column = options.Layout == ImageLayout.Nchw ? 1 : 3;
    private readonly int _row = options.Layout == ImageLayout.Nchw ? options.Width : options.Width * 3;

    /// <summary>From one channel to the next.</summary>
    public int Channel { get; } = options.Layout == ImageLayout.Nchw ? options.Width * options.Height : 1;

    /// <summary>The colour in the first channel and that in the last: 0 is red, 2 is blue.</summary>
    public (int First, int Last) Colors { get; } = options.Channels == ChannelOrder.Rgb ? (0, 2) : (2, 0);

    /// <summary>The first channel of a pixel.</summary>
    public int Of(int x, int y) => (y * _row) + (x * _column);
}

/// <summary>Writes scaled and normalised numbers.</summary>
internal readonly struct NormalizedPixels(ImagePreprocessing options, TensorValue tensor) : Resampler.ITarget
{
    private readonly PixelPlaces _places = new(options);
    private readonly float _scale = options.Scale;
    private readonly bool _rounds = options.RoundsToBytes;
    private readonly Vector128<float> _mean = ByColor(options.Mean, options.Channels);
    private readonly Vector128<float> _deviation = ByColor(options.StandardDeviation, options.Channels);

    public void Write(int x, int y, Vector128<float> pixel)
    {
        if (_rounds) pixel = Vector128.Floor(Vector128.Clamp(pixel, Vector128<float>.Zero, Vector128.Create((float)byte.MaxValue)) + Vector128.Create(0.5f));
        var normalized = ((pixel * _scale) - _mean) / _deviation;
        var elements = tensor.Span<float>();
        var at = _places.Of(x, y);
        elements[at] = normalized[_places.Colors.First];
        elements[at + _places.Channel] = normalized[1];
        elements[at + (2 * _places.Channel)] = normalized[_places.Colors.Last];
    }

    private static Vector128<float> ByColor(PerChannel numbers, ChannelOrder order) => order == ChannelOrder.Rgb
        ? Vector128.Create(numbers.First, numbers.Second, numbers.Third, 1)
        : Vector128.Create(numbers.Third, numbers.Second, numbers.First, 1);
}

/// <summary>Writes bytes, to the nearest.</summary>
internal readonly struct BytePixels(ImagePreprocessing options, TensorValue tensor) : Resampler.ITarget
{
    private readonly PixelPlaces _places = new(options);

    public void Write(int x, int y, Vector128<float> pixel)
    {
        var bytes = tensor.Bytes.Span;
        var at = _places.Of(x, y);
        bytes[at] = Nearest(pixel[_places.Colors.First]);
        bytes[at + _places.Channel] = Nearest(pixel[1]);
        bytes[at + (2 * _places.Channel)] = Nearest(pixel[_places.Colors.Last]);
    }

    // Sums of weights may be over 1 by their rounding.
    private static byte Nearest(float color) => (byte)Math.Clamp(color + 0.5f, 0, byte.MaxValue);
}
