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

    /// <summary>Encodes pixels of four bytes as a WebP without loss.</summary>
    public static byte[] EncodeLossless(byte[] rgba, int width, int height)
    {
        using var image = SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul), rgba);
        using var pixels = image.PeekPixels();
        using var data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 75))!;
        return data.ToArray();
    }

    /// <summary>A grey progressive JPEG, of one scan for its means and others that add nothing.</summary>
    public static byte[] Progressive(int side, int refinements)
    {
        var blocks = (side + 7) / 8 * ((side + 7) / 8);
        // One code each: no difference, and the end of as many as 2^14 blocks or more.
        List<byte> jpeg = [0xFF, 0xD8, .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]), .. Segment(0xC2, [8, 0, (byte)side, 0, (byte)side, 1, 1, 0x11, 0])];
        jpeg.AddRange(Segment(0xC4, [0, 1, .. new byte[15], 0]));
        jpeg.AddRange(Segment(0xC4, [0x10, 1, .. new byte[15], 0xE0]));
        jpeg.AddRange([.. Segment(0xDA, [1, 1, 0, 0, 0, 0]), .. new byte[(blocks + 7) / 8]]);
        // The code, and 14 bits for how many blocks more.
        for (var scan = 0; scan < refinements; scan++) jpeg.AddRange([.. Segment(0xDA, [1, 1, 0, (byte)(1 + scan), (byte)(1 + scan), 0]), 0x7F, 0xFF, 0x00]);
        return [.. jpeg, 0xFF, 0xD9];

        static byte[] Segment(byte kind, byte[] content) => [0xFF, kind, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];
    }

    /// <summary>Puts an EXIF segment that states the orientation behind the first marker of a JPEG.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
