namespace SplitInfer.Imaging;

/// <summary>A picture of four bytes a pixel: red, green, blue, and one that is not used.</summary>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Pixels">Row after row from the top.</param>
internal readonly record struct PixelImage(int Width, int Height, byte[] Pixels)
{
    /// <summary>Bytes of a pixel.</summary>
    public const int PixelBytes = 4;

    /// <summary>Copies pixels of any format.</summary>
    /// <exception cref="ArgumentException">There are not as many bytes as that format needs.</exception>
    public static PixelImage From(ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format)
    {
        var (bytes, red, green, blue) = format switch
        {
            PixelFormat.Rgb24 => (3, 0, 1, 2),
            PixelFormat.Bgr24 => (3, 2, 1, 0),
            PixelFormat.Rgba32 => (4, 0, 1, 2),
            PixelFormat.Bgra32 => (4, 2, 1, 0),
            PixelFormat.Gray8 => (1, 0, 0, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format of pixels."),
        };
        if (pixels.Length != (long)width * height * bytes)
            throw new ArgumentException($"{width}×{height} pixels of format {format} take {(long)width * height * bytes} bytes, and {pixels.Length} are given. Leave out what pads the rows.", nameof(pixels));
        var copy = new byte[checked(width * height * PixelBytes)];
        for (int from = 0, to = 0; from < pixels.Length; (from, to) = (from + bytes, to + PixelBytes))
            (copy[to], copy[to + 1], copy[to + 2]) = (pixels[from + red], pixels[from + green], pixels[from + blue]);
        return new(width, height, copy);
    }
}
