using System.Runtime.InteropServices;
using SkiaSharp;

namespace SplitInfer.Imaging;

/// <summary>Decodes pictures with SkiaSharp.</summary>
internal static class ImageDecoder
{
    private const string Advice = "Give a whole JPEG, PNG, WebP, GIF or BMP file.";

    /// <summary>Decodes a picture and turns it upright.</summary>
    /// <param name="encoded">The file.</param>
    /// <param name="maxPixels">The most pixels that memory is taken for.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidImageException">It is no picture, is damaged, has more pixels, or takes more memory or time than so many do.</exception>
    public static unsafe PixelImage Decode(ReadOnlySpan<byte> encoded, long maxPixels, string source)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = SKCodec.Create(data) ?? throw new InvalidImageException($"{source}: these {encoded.Length} bytes are no picture that can be decoded. {Advice}");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > maxPixels)
            throw new InvalidImageException($"{source}: the picture has {width}×{height} pixels, over the {maxPixels} allowed. Raise {nameof(ImagePreprocessing)}.{nameof(ImagePreprocessing.MaxPixels)}, or give a smaller one.");
        if (DecodingCost.FaultOf(encoded, width, height, isTurned: codec.EncodedOrigin != SKEncodedOrigin.TopLeft, maxPixels) is { } fault)
            throw new InvalidImageException($"{source}: the picture {fault}. Raise {nameof(ImagePreprocessing)}.{nameof(ImagePreprocessing.MaxPixels)}, or save it again as a baseline JPEG or a PNG.");
        var pixels = new byte[width * height * PixelImage.PixelBytes];
        // Without a colour space the numbers of the file are kept, which is what models were trained on.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        fixed (byte* first = pixels)
        {
            var result = codec.GetPixels(info, (nint)first);
            if (result != SKCodecResult.Success) throw new InvalidImageException($"{source}: the picture is damaged or cut short ({result}). {Advice}");
        }

        return Upright(new(width, height, pixels), codec.EncodedOrigin);
    }

    /// <summary>Turns a picture whose first row and column lie where <paramref name="origin"/> says.</summary>
    internal static PixelImage Upright(PixelImage image, SKEncodedOrigin origin)
    {
        if (origin is < SKEncodedOrigin.TopRight or > SKEncodedOrigin.LeftBottom) return image;
        var (width, height) = (image.Width, image.Height);
        var (rows, columns, last) = (width * (height - 1), width - 1, (width * height) - 1);
        // Where the pixel at the top left comes from, and how far it is to the one right of it and to the one below it.
        var (start, right, down) = origin switch
        {
            SKEncodedOrigin.TopRight => (columns, -1, width),
            SKEncodedOrigin.BottomRight => (last, -1, -width),
            SKEncodedOrigin.BottomLeft => (rows, 1, -width),
            SKEncodedOrigin.LeftTop => (0, width, 1),
            SKEncodedOrigin.RightTop => (rows, -width, 1),
            SKEncodedOrigin.RightBottom => (last, -width, -1),
            _ => (columns, width, -1),
        };
        var isTurned = origin >= SKEncodedOrigin.LeftTop;
        var upright = new PixelImage(isTurned ? height : width, isTurned ? width : height, new byte[image.Pixels.Length]);
        var from = MemoryMarshal.Cast<byte, uint>(image.Pixels.AsSpan());
        var to = MemoryMarshal.Cast<byte, uint>(upright.Pixels.AsSpan());
        for (var y = 0; y < upright.Height; y++)
            for (var x = 0; x < upright.Width; x++)
                to[(y * upright.Width) + x] = from[start + (x * right) + (y * down)];
        return upright;
    }
}
