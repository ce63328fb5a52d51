using SkiaSharp;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>The shared photographs, as SqueezeNet takes them.</summary>
internal sealed class Photographs : IDisposable
{
    private const int Pixels = 224 * 224;

    private readonly TensorValue _images = NpyFile.Read(SharedData.Data("imagenet200_nhwc_u8.npy"));
    private readonly TensorValue _labels = NpyFile.Read(SharedData.Data("imagenet200_labels_i64.npy"));

    public int Count => (int)_labels.Shape.ElementCount;

    /// <summary>Height × width × RGB bytes.</summary>
    public ReadOnlySpan<byte> PixelsOf(int index) => _images.Bytes.Span.Slice(index * Pixels * 3, Pixels * 3);

    public long LabelOf(int index) => _labels.Span<long>()[index];

    /// <summary>A PNG file of the picture.</summary>
    public byte[] Encode(int index)
    {
        var pixels = PixelsOf(index);
        using var bitmap = new SKBitmap(224, 224);
        for (var at = 0; at < Pixels; at++) bitmap.SetPixel(at % 224, at / 224, new(pixels[at * 3], pixels[at * 3 + 1], pixels[at * 3 + 2]));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The pixels as 1 × BGR × height × width floats, with the mean of the training set taken off.</summary>
    public TensorValue Read(int index)
    {
        ReadOnlySpan<float> mean = [104, 117, 123];
        var tensor = TensorValue.Allocate(ElementType.Float32, new(1, 3, 224, 224));
        var from = PixelsOf(index);
        var values = tensor.Span<float>();
        for (var channel = 0; channel < 3; channel++)
            for (var pixel = 0; pixel < Pixels; pixel++)
                values[channel * Pixels + pixel] = from[pixel * 3 + 2 - channel] - mean[channel];
        return tensor;
    }

    public void Dispose()
    {
        _images.Dispose();
        _labels.Dispose();
    }
}
