using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

public sealed partial record ImagePreprocessing
{
    // Four bytes each have to fit an array.
    private const long MostPixels = 500_000_000;

    /// <summary>The tensor of a picture in a file.</summary>
    /// <param name="path">A JPEG, PNG, WebP, GIF or BMP file; of several frames the first counts.</param>
    /// <returns>A tensor of one picture, 1×3×H×W or 1×H×W×3, which the caller disposes.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidImageException">It is no picture, is damaged, or is over <see cref="MaxPixels"/>.</exception>
    /// <exception cref="ArgumentException">A property makes no sense; the message says which and why.</exception>
    public TensorValue Load(string path)
    {
        Validate();
        return Make(ImageDecoder.Decode(File.ReadAllBytes(path), MaxPixels, path));
    }

    /// <summary>The tensor of an encoded picture.</summary>
    /// <param name="encoded">A JPEG, PNG, WebP, GIF or BMP file; of several frames the first counts.</param>
    /// <returns>A tensor of one picture, 1×3×H×W or 1×H×W×3, which the caller disposes.</returns>
    /// <exception cref="InvalidImageException">It is no picture, is damaged, or is over <see cref="MaxPixels"/>.</exception>
    /// <exception cref="ArgumentException">A property makes no sense; the message says which and why.</exception>
    public TensorValue Decode(ReadOnlySpan<byte> encoded)
    {
        Validate();
        return Make(ImageDecoder.Decode(encoded, MaxPixels, "The picture"));
    }

    /// <summary>The tensor of an encoded picture, read from the stream's position to its end. The stream stays open; how long it is, is the caller's to bound.</summary>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte})"/>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public TensorValue Decode(Stream encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        Validate();
        using var bytes = new MemoryStream();
        encoded.CopyTo(bytes);
        return Make(ImageDecoder.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), MaxPixels, "The picture"));
    }

    /// <summary>The tensor of pixels, such as those of a camera.</summary>
    /// <param name="pixels">Row after row from the top, without gaps.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="format">How a pixel lies in memory.</param>
    /// <returns>A tensor of one picture, 1×3×H×W or 1×H×W×3, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">There are not as many bytes as pixels need, or a property makes no sense.</exception>
    public TensorValue FromPixels(ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format)
    {
        Validate();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)width * height, MostPixels, nameof(width));
        return Make(PixelImage.From(pixels, width, height, format));
    }

    private TensorValue Make(PixelImage image)
    {
        var tensor = TensorValue.Allocate(ElementType, Layout == ImageLayout.Nchw ? new(1, 3, Height, Width) : new(1, Height, Width, 3));
        if (ElementType == ElementType.Float32) Resampler.Run(image, this, new NormalizedPixels(this, tensor));
        else Resampler.Run(image, this, new BytePixels(this, tensor));
        return tensor;
    }

    private void Validate()
    {
        Require(Width > 0 && Height > 0 && (long)Width * Height <= MostPixels, $"{nameof(Width)} and {nameof(Height)} are {Width} and {Height}; each must be at least 1, and their product at most {MostPixels}.");
        Require(ShorterSide is not { } side || side >= Math.Max(Width, Height), $"{nameof(ShorterSide)} is {ShorterSide}, below the size of the tensor, {Width}×{Height}. Raise it, or leave it out.");
        Require(ShorterSide is null || Resize == ImageResize.CropCenter, $"{nameof(ShorterSide)} is for {nameof(ImageResize)}.{nameof(ImageResize.CropCenter)}, and {nameof(Resize)} is {Resize}. Set that, or leave it out.");
        Require(MaxPixels is > 0 and <= MostPixels, $"{nameof(MaxPixels)} is {MaxPixels}; it can be 1 to {MostPixels}.");
        Require(Enum.IsDefined(Resize) && Enum.IsDefined(Channels) && Enum.IsDefined(Layout), $"{nameof(Resize)}, {nameof(Channels)} and {nameof(Layout)} are {Resize}, {Channels} and {Layout}; take values of their types.");
        Require(ElementType is ElementType.Float32 or ElementType.UInt8, $"{nameof(ElementType)} is {ElementType}; it can be {ElementType.Float32} or {ElementType.UInt8}.");
        Require(ElementType == ElementType.Float32 || (Scale == 1 && Mean == default && StandardDeviation == new PerChannel(1)), $"{nameof(Scale)}, {nameof(Mean)} and {nameof(StandardDeviation)} are for {ElementType.Float32}, and {nameof(ElementType)} is {ElementType}. Leave them out.");
        Require(StandardDeviation is not ({ First: 0 } or { Second: 0 } or { Third: 0 }), $"{nameof(StandardDeviation)} is {StandardDeviation}; no part of it can be 0.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new ArgumentException(otherwise);
    }
}
