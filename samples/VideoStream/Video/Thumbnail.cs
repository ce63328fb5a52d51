using SkiaSharp;

namespace VideoStream.Video;

/// <summary>Small pictures for the page.</summary>
internal static class Thumbnail
{
    private const int Height = 84;
    private const int JpegQuality = 75;

    /// <summary>A frame as an address that holds the picture itself.</summary>
    public static string Of(VideoFrame frame)
    {
        var pixels = new byte[frame.Width * frame.Height * 4];
        for (var pixel = 0; pixel < frame.Width * frame.Height; pixel++)
        {
            frame.Rgb.AsSpan(3 * pixel, 3).CopyTo(pixels.AsSpan(4 * pixel));
            pixels[(4 * pixel) + 3] = byte.MaxValue;
        }

        using var image = SKImage.FromPixelCopy(new SKImageInfo(frame.Width, frame.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), pixels);
        using var small = SKBitmap.FromImage(image).Resize(new SKImageInfo(Math.Max(1, frame.Width * Height / frame.Height), Height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var jpeg = small.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return $"data:image/jpeg;base64,{Convert.ToBase64String(jpeg.Span)}";
    }
}
