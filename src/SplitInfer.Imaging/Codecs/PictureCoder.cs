using SkiaSharp;
using SplitInfer.Codecs;

namespace SplitInfer.Imaging.Codecs;

/// <summary>Encodes and decodes pixels with SkiaSharp.</summary>
internal static class PictureCoder
{
    // All five filters make photographs a thousandth smaller and take twice as long; zlib's effort of 3 makes them a sixtieth larger and takes two thirds.
    private const SKPngEncoderFilterFlags Filters = SKPngEncoderFilterFlags.Avg | SKPngEncoderFilterFlags.Paeth;
    private const int ZlibLevel = 6;

    /// <summary>Encodes pixels.</summary>
    /// <returns>False where the picture does not fit.</returns>
    public static unsafe bool TryEncode(ImageCodec codec, PixelBuffer pixels, Span<byte> target, out int written)
    {
        written = 0;
        fixed (byte* first = pixels.Bytes)
        {
            using var pixmap = new SKPixmap(pixels.Info, (nint)first);
            using var data = codec.Format switch
            {
                ImageFormat.Png => pixmap.Encode(new SKPngEncoderOptions(Filters, ZlibLevel)),
                ImageFormat.Jpeg => pixmap.Encode(new SKJpegEncoderOptions(codec.Quality)),
                _ => pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, codec.Quality)),
            };
            if (data is null || data.Size > target.Length) return false;
            data.AsSpan().CopyTo(target);
            written = (int)data.Size;
            return true;
        }
    }

    /// <summary>Decodes a picture whose header was checked.</summary>
    /// <exception cref="InvalidPayloadException">It is damaged or cut short.</exception>
    public static unsafe void Decode(ImageCodec codec, ReadOnlySpan<byte> encoded, PixelBuffer pixels)
    {
        var info = pixels.Info;
        fixed (byte* picture = encoded, first = pixels.Bytes)
        {
            using var data = SKData.Create((nint)picture, encoded.Length);
            using var decoder = SKCodec.Create(data) ?? throw new InvalidPayloadException(codec.Name, "the picture cannot be decoded");
            if (decoder.Info.Width != info.Width || decoder.Info.Height != info.Height)
                throw new InvalidPayloadException(codec.Name, $"the picture has {decoder.Info.Width}×{decoder.Info.Height} pixels, and {info.Width}×{info.Height} were due");
            if (decoder.EncodedFormat != FormatOf(codec)) throw new InvalidPayloadException(codec.Name, $"the picture is of format {decoder.EncodedFormat}");

            // What the decoder of a damaged picture leaves out must not show what the memory held before, perhaps of another client.
            pixels.Bytes.Clear();
            var result = decoder.GetPixels(info, (nint)first);
            if (result != SKCodecResult.Success) throw new InvalidPayloadException(codec.Name, $"the picture is damaged or cut short ({result})");
        }
    }

    private static SKEncodedImageFormat FormatOf(ImageCodec codec) => codec.Format switch
    {
        ImageFormat.Png => SKEncodedImageFormat.Png,
        ImageFormat.Jpeg => SKEncodedImageFormat.Jpeg,
        _ => SKEncodedImageFormat.Webp,
    };
}
