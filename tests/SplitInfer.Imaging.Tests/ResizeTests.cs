using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests;

/// <summary>Resizing and cropping, against numbers worked out by hand.</summary>
public sealed class ResizeTests
{
    [Fact]
    public void Smaller_pictures_average_over_the_pixels_that_they_cover()
    {
        // Two new pixels, 2 old ones wide, with triangles of 4: weights 3, 3, 1 of 7, and 1, 3, 3 of 7.
        AssertRow([0, 100, 200, 40], 2, [500f / 7, 820f / 7]);
        // One new pixel, whose triangle of 6 is cut at both ends: weights 2, 3, 2 of 7.
        AssertRow([0, 70, 140], 1, [70]);
    }

    [Fact]
    public void Larger_pictures_interpolate_between_the_centres_of_pixels() => AssertRow([0, 100], 4, [0, 25, 75, 100]);

    [Fact]
    public void Rows_are_resized_like_columns()
    {
        using var tensor = new ImagePreprocessing { Width = 1, Height = 2 }.FromPixels([0, 100, 200, 40], 1, 4, PixelFormat.Gray8);
        Assert.Equal(500.0 / 7, tensor.Span<float>()[0], 1e-4);
        Assert.Equal(820.0 / 7, tensor.Span<float>()[1], 1e-4);
    }

    [Fact]
    public void Bytes_are_the_nearest_to_the_average()
    {
        using var tensor = ImagePreprocessing.Bytes(2, 1).FromPixels([0, 100, 200, 40], 4, 1, PixelFormat.Gray8);
        Assert.Equal<byte>([71, 71, 71, 117, 117, 117], tensor.Bytes.ToArray());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 500)]
    [InlineData(640, 7)]
    public void One_colour_stays_what_it_is(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        for (var at = 0; at < pixels.Length; at += 3) (pixels[at], pixels[at + 1], pixels[at + 2]) = (255, 128, 1);
        foreach (var options in (ImagePreprocessing[])[ImagePreprocessing.Bytes(64, 48), ImagePreprocessing.Bytes(64, 48) with { Resize = ImageResize.CropCenter }])
        {
            using var tensor = options.FromPixels(pixels, width, height, PixelFormat.Rgb24);
            for (var at = 0; at < tensor.ByteLength; at += 3) Assert.Equal<byte>([255, 128, 1], tensor.Bytes.Span.Slice(at, 3).ToArray());
        }
    }

    [Fact]
    public void A_crop_keeps_the_centre()
    {
        byte[] wide = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];
        var options = new ImagePreprocessing { Width = 2, Height = 2, Resize = ImageResize.CropCenter };
        using var columns = options.FromPixels(wide, 6, 2, PixelFormat.Gray8);
        Assert.Equal<float>([3, 4, 13, 14], columns.Span<float>()[..4].ToArray());
        byte[] high = [1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16];
        using var rows = options.FromPixels(high, 2, 6, PixelFormat.Gray8);
        Assert.Equal<float>([3, 13, 4, 14], rows.Span<float>()[..4].ToArray());
    }

    // Half a pixel rounds to the even side, as in torchvision: 3 − 2 leaves 0.5 → 0, 5 − 2 leaves 1.5 → 2.
    [Theory]
    [InlineData(3, 1)]
    [InlineData(5, 3)]
    public void An_odd_rest_is_cut_like_torchvision_does(int width, float first)
    {
        byte[] row = [.. Enumerable.Range(1, width).Select(static n => (byte)n)];
        using var tensor = new ImagePreprocessing { Width = 2, Height = 1, Resize = ImageResize.CropCenter, ShorterSide = 2 }.FromPixels([.. row, .. row], width, 2, PixelFormat.Gray8);
        Assert.Equal<float>([first, first + 1], tensor.Span<float>()[..2].ToArray());
    }

    [Theory]
    [InlineData(500, 375, 224, 224, 256, 341, 256)]
    [InlineData(375, 500, 224, 224, 256, 256, 341)]
    [InlineData(256, 256, 224, 224, 256, 256, 256)]
    [InlineData(640, 480, 320, 240, null, 320, 240)]
    [InlineData(480, 640, 320, 240, null, 320, 426)]
    [InlineData(1000, 10, 224, 224, null, 22400, 224)]
    [InlineData(100_000_000, 1, 224, 224, 256, 25_600_000_000, 256)]
    public void The_size_before_the_crop_keeps_the_proportions(int width, int height, int tensorWidth, int tensorHeight, int? shorterSide, long resizedWidth, long resizedHeight)
    {
        var options = new ImagePreprocessing { Width = tensorWidth, Height = tensorHeight, Resize = ImageResize.CropCenter, ShorterSide = shorterSide };
        Assert.Equal((resizedWidth, resizedHeight), Resampler.ResizedSize(width, height, options));
    }

    [Fact]
    public void A_crop_of_the_resized_picture_is_the_part_of_the_whole()
    {
        var pixels = Pictures.Noise(50, 40);
        var options = new ImagePreprocessing { Width = 16, Height = 16, Resize = ImageResize.CropCenter, ShorterSide = 20 };
        using var crop = options.FromPixels(pixels, 50, 40, PixelFormat.Rgb24);
        using var whole = new ImagePreprocessing { Width = 25, Height = 20 }.FromPixels(pixels, 50, 40, PixelFormat.Rgb24);
        // (25 − 16) / 2 = 4.5 → 4, (20 − 16) / 2 = 2.
        for (var y = 0; y < 16; y++)
            Assert.Equal(whole.Span<float>().Slice(((y + 2) * 25) + 4, 16).ToArray(), crop.Span<float>().Slice(y * 16, 16).ToArray());
    }

    [Fact]
    public void The_centre_of_a_very_long_picture_is_found()
    {
        var pixels = new byte[10_000_000];
        pixels.AsSpan(pixels.Length / 2).Fill(255);
        using var tensor = (ImagePreprocessing.ImageNet with { ElementType = ElementType.UInt8, Scale = 1, Mean = default, StandardDeviation = new(1) }).FromPixels(pixels, pixels.Length, 1, PixelFormat.Gray8);
        // All lie between the centres of two pixels, at 111.5/256 to either side of their edge: 255 × (1/2 ∓ 111.5/256).
        Assert.Equal((16, 239), (tensor.Bytes.Span[0], tensor.Bytes.Span[223]));
    }

    private static void AssertRow(byte[] gray, int width, float[] expected)
    {
        using var tensor = new ImagePreprocessing { Width = width, Height = 1 }.FromPixels(gray, gray.Length, 1, PixelFormat.Gray8);
        for (var channel = 0; channel < 3; channel++)
            foreach (var (wanted, actual) in expected.Zip(tensor.Span<float>().Slice(channel * width, width).ToArray())) Assert.Equal(wanted, actual, 1e-4);
    }
}
