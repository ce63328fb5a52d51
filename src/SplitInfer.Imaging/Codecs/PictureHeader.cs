namespace SplitInfer.Imaging.Codecs;

/// <summary>
/// Looks through a picture before it is decoded, so that a decoder sees nothing but the plain form that SkiaSharp writes, of exactly the size that is due: no
/// enormous sizes, and no features that make few bytes much work, such as JPEGs of many scans or PNGs with compressed texts.
/// </summary>
internal static class PictureHeader
{
    /// <summary>Why a picture is not taken; null where nothing is wrong with what can be seen without decoding it.</summary>
    public static string? FaultOf(ImageFormat format, ReadOnlySpan<byte> picture, PictureSize size)
    {
        try
        {
            return format switch
            {
                ImageFormat.Png => PngHeader.FaultOf(picture, size),
                ImageFormat.Jpeg => JpegHeader.FaultOf(picture, size),
                _ => WebPHeader.FaultOf(picture, size),
            };
        }
        catch (ArgumentOutOfRangeException)
        {
            // Every read is of a slice, which ends where the picture does.
            return "the picture ends within its header";
        }
    }

    /// <summary>Why a size is not taken; null where it is the one that is due.</summary>
    public static string? SizeFaultOf(long width, long height, PictureSize due) =>
        width == due.Width && height == due.Height ? null : $"the picture has {width}×{height} pixels, and {due.Width}×{due.Height} were due";
}
