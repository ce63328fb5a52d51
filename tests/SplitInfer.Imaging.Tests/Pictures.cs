using SkiaSharp;

namespace SplitInfer.Imaging.Tests;

/// <summary>Pictures that the tests draw.</summary>
internal static class Pictures
{
    /// <summary>Three different bytes for every pixel.</summary>
    public static byte[] Noise(int width, int height, int bytes = 3)
    {
        var pixels = new byte[width * height * bytes];
        new Random(width + height).NextBytes(pixels);
        return pixels;
    }

    /// <summary>Encodes pixels of four bytes, red first.</summary>
    public static byte[] Encode(byte[] rgba, int width, int height, SKEncodedImageFormat format, int quality = 100)
    {
        using var image = SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul), rgba);
        using var data = image.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>Puts an EXIF segment that states the orientation behind the first marker of a JPEG.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
