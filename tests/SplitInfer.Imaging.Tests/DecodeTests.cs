using SkiaSharp;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Imaging.Tests;

public sealed class DecodeTests
{
    private const int Width = 5, Height = 3;

    private static readonly byte[] Rgba = Opaque(Pictures.Noise(Width, Height, 4));

    private static readonly ImagePreprocessing Options = ImagePreprocessing.Bytes(Width, Height);

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void A_lossless_picture_of_bytes_a_stream_or_a_file_gives_its_pixels(SKEncodedImageFormat format)
    {
        var encoded = Pictures.Encode(Rgba, Width, Height, format);
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["picture"], encoded);
        using var expected = Options.FromPixels(Rgba, Width, Height, PixelFormat.Rgba32);
        using var stream = new MemoryStream([0, .. encoded]);
        stream.ReadByte();
        foreach (var tensor in (TensorValue[])[Options.Decode(encoded), Options.Decode(stream), Options.Load(folder["picture"])])
        {
            using (tensor) Assert.True(TensorDifference.Between(expected, tensor).IsWithin(format == SKEncodedImageFormat.Png ? 0 : 40), format.ToString());
        }
    }

    [Fact]
    public void A_bitmap_written_by_hand_is_read_from_the_top()
    {
        // Two pixels of 24 bits, the lower row first, each row padded to four bytes: red above blue.
        byte[] bitmap =
        [
            .. "BM"u8, 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
            40, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            255, 0, 0, 0, 0, 0, 255, 0,
        ];
        using var tensor = ImagePreprocessing.Bytes(1, 2).Decode(bitmap);
        Assert.Equal<byte>([255, 0, 0, 0, 0, 255], tensor.Bytes.ToArray());
    }

    [Fact]
    public void Transparency_is_left_aside()
    {
        byte[] clear = [200, 100, 50, 128];
        using var tensor = ImagePreprocessing.Bytes(1, 1).Decode(Pictures.Encode(clear, 1, 1, SKEncodedImageFormat.Png));
        Assert.Equal<byte>([200, 100, 50], tensor.Bytes.ToArray());
    }

    // Where the top left pixel of the upright picture lies in the file, and the one right of it.
    [Theory]
    [InlineData(SKEncodedOrigin.TopLeft, 2, 0, 1)]
    [InlineData(SKEncodedOrigin.TopRight, 2, 1, 0)]
    [InlineData(SKEncodedOrigin.BottomRight, 2, 5, 4)]
    [InlineData(SKEncodedOrigin.BottomLeft, 2, 4, 5)]
    [InlineData(SKEncodedOrigin.LeftTop, 3, 0, 2)]
    [InlineData(SKEncodedOrigin.RightTop, 3, 4, 2)]
    [InlineData(SKEncodedOrigin.RightBottom, 3, 5, 3)]
    [InlineData(SKEncodedOrigin.LeftBottom, 3, 1, 3)]
    public void Pictures_are_turned_as_their_origin_says(SKEncodedOrigin origin, int width, int first, int second)
    {
        // Two columns, three rows.
        var image = PixelImage.From([0, 1, 2, 3, 4, 5], 2, 3, PixelFormat.Gray8);
        var upright = ImageDecoder.Upright(image, origin);
        Assert.Equal((width, 6 / width), (upright.Width, upright.Height));
        Assert.Equal((first, second), (upright.Pixels[0], upright.Pixels[4]));
        Assert.Equal([0, 1, 2, 3, 4, 5], Enumerable.Range(0, 6).Select(pixel => (int)upright.Pixels[pixel * 4]).Order());
    }

    [Fact]
    public void A_column_is_turned_into_a_row()
    {
        var upright = ImageDecoder.Upright(PixelImage.From([7, 8, 9], 1, 3, PixelFormat.Gray8), SKEncodedOrigin.LeftTop);
        Assert.Equal((3, 1), (upright.Width, upright.Height));
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(3, true, false)]
    [InlineData(6, false, true)]
    [InlineData(8, false, false)]
    public void A_photograph_is_turned_as_its_exif_data_says(byte orientation, bool isWide, bool isBrightFirst)
    {
        // Bright on the left, dark on the right.
        byte[] halves = [.. Enumerable.Range(0, 32 * 16).SelectMany(static pixel => pixel % 32 < 16 ? new byte[] { 255, 255, 255, 255 } : [0, 0, 0, 255])];
        var photograph = Pictures.WithOrientation(Pictures.Encode(halves, 32, 16, SKEncodedImageFormat.Jpeg), orientation);
        using var tensor = (isWide ? ImagePreprocessing.Bytes(2, 1) : ImagePreprocessing.Bytes(1, 2)).Decode(photograph);
        Assert.Equal(isBrightFirst, tensor.Bytes.Span[0] > 200);
        Assert.Equal(!isBrightFirst, tensor.Bytes.Span[3] > 200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no picture at all")]
    public void What_is_no_picture_is_refused(string content)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["notes.png"], content);
        var error = Assert.Throws<InvalidImageException>(() => Options.Load(folder["notes.png"]));
        Assert.Contains("notes.png", error.Message, StringComparison.Ordinal);
        Assert.Contains("JPEG, PNG", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void A_picture_that_was_cut_short_is_refused(SKEncodedImageFormat format)
    {
        var encoded = Pictures.Encode(Opaque(Pictures.Noise(64, 64, 4)), 64, 64, format);
        Assert.Contains("cut short", Assert.Throws<InvalidImageException>(() => Options.Decode(encoded.AsSpan(0, encoded.Length / 2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_over_the_limit_is_refused_by_its_size()
    {
        var encoded = Pictures.Encode(Rgba, Width, Height, SKEncodedImageFormat.Png);
        var error = Assert.Throws<InvalidImageException>(() => (Options with { MaxPixels = (Width * Height) - 1 }).Decode(encoded));
        Assert.Contains("5×3", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ImagePreprocessing.MaxPixels), error.Message, StringComparison.Ordinal);
        using var allowed = (Options with { MaxPixels = Width * Height }).Decode(encoded);
        Assert.Equal(Width * Height * 3, allowed.ByteLength);
    }

    [Fact]
    public void A_WebP_without_loss_has_to_be_smaller_since_its_tables_take_memory()
    {
        var encoded = Pictures.EncodeLossless(Pictures.Noise(64, 64, 4), 64, 64);
        var error = Assert.Throws<InvalidImageException>(() => (Options with { MaxPixels = 64 * 64 }).Decode(encoded));
        // 256 squares of 4×4 pixels.
        Assert.Contains($"may take {(64 * 64 * 4) + (256 * 5700)} bytes, since a WebP without loss", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ImagePreprocessing.MaxPixels), error.Message, StringComparison.Ordinal);
        Options.Decode(encoded).Dispose();
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(30, 1000)]
    public void A_JPEG_of_many_scans_has_to_be_smaller_since_each_takes_time_and_all_take_memory(int refinements, int allowed)
    {
        var encoded = Pictures.Progressive(64, refinements);
        var error = Assert.Throws<InvalidImageException>(() => (Options with { MaxPixels = 64 * 64 }).Decode(encoded));
        Assert.Contains("scans", error.Message, StringComparison.Ordinal);
        (Options with { MaxPixels = 64 * 64 * allowed }).Decode(encoded).Dispose();
    }

    [Fact]
    public void A_photograph_that_is_turned_has_to_be_smaller_since_that_takes_a_copy()
    {
        var photograph = Pictures.WithOrientation(Pictures.Encode(Opaque(Pictures.Noise(32, 16, 4)), 32, 16, SKEncodedImageFormat.Jpeg), 6);
        Assert.Contains("has to be turned", Assert.Throws<InvalidImageException>(() => (Options with { MaxPixels = (2 * 32 * 16) - 1 }).Decode(photograph)).Message, StringComparison.Ordinal);
        (Options with { MaxPixels = 2 * 32 * 16 }).Decode(photograph).Dispose();
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("none.png", Assert.Throws<FileNotFoundException>(static () => Options.Load("none.png")).Message, StringComparison.Ordinal);

    private static byte[] Opaque(byte[] rgba)
    {
        for (var at = 3; at < rgba.Length; at += 4) rgba[at] = 255;
        return rgba;
    }
}
