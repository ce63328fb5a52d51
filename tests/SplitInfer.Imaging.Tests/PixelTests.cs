using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests;

/// <summary>Pixels without resizing: colours, axes and range, against numbers worked out by hand.</summary>
public sealed class PixelTests
{
    // Two rows of two pixels.
    private static readonly byte[] Rgb = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];

    private static readonly ImagePreprocessing Plain = new() { Width = 2, Height = 2 };

    [Theory]
    [InlineData(ImageLayout.Nchw, ChannelOrder.Rgb, new float[] { 10, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120 })]
    [InlineData(ImageLayout.Nchw, ChannelOrder.Bgr, new float[] { 30, 60, 90, 120, 20, 50, 80, 110, 10, 40, 70, 100 })]
    [InlineData(ImageLayout.Nhwc, ChannelOrder.Rgb, new float[] { 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120 })]
    [InlineData(ImageLayout.Nhwc, ChannelOrder.Bgr, new float[] { 30, 20, 10, 60, 50, 40, 90, 80, 70, 120, 110, 100 })]
    public void Axes_and_colours_are_in_the_order_asked_for(ImageLayout layout, ChannelOrder channels, float[] expected)
    {
        var options = Plain with { Layout = layout, Channels = channels };
        using var numbers = options.FromPixels(Rgb, 2, 2, PixelFormat.Rgb24);
        Assert.Equal(layout == ImageLayout.Nchw ? new TensorShape(1, 3, 2, 2) : new TensorShape(1, 2, 2, 3), numbers.Shape);
        Assert.Equal(expected, numbers.Span<float>().ToArray());
        using var bytes = (options with { ElementType = ElementType.UInt8 }).FromPixels(Rgb, 2, 2, PixelFormat.Rgb24);
        Assert.Equal(expected, bytes.Bytes.ToArray().Select(static b => (float)b));
    }

    [Theory]
    [InlineData(PixelFormat.Rgb24, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(PixelFormat.Bgr24, new byte[] { 3, 2, 1, 6, 5, 4 })]
    [InlineData(PixelFormat.Rgba32, new byte[] { 1, 2, 3, 99, 4, 5, 6, 99 })]
    [InlineData(PixelFormat.Bgra32, new byte[] { 3, 2, 1, 99, 6, 5, 4, 99 })]
    public void Every_format_of_pixels_is_read(PixelFormat format, byte[] pixels)
    {
        using var tensor = (Plain with { Height = 1, Layout = ImageLayout.Nhwc }).FromPixels(pixels, 2, 1, format);
        Assert.Equal<float>([1, 2, 3, 4, 5, 6], tensor.Span<float>().ToArray());
    }

    [Fact]
    public void Pixels_are_rounded_to_bytes_where_that_is_asked_for()
    {
        // Resized to half its size, so that colours lie between bytes.
        var options = ImagePreprocessing.ImageNet with { Width = 16, Height = 16, ShorterSide = null, Resize = ImageResize.Stretch };
        using var bytes = (ImagePreprocessing.Bytes(16, 16) with { Layout = ImageLayout.Nchw }).FromPixels(Pictures.Noise(33, 35), 33, 35, PixelFormat.Rgb24);
        using var rounded = (options with { RoundsToBytes = true }).FromPixels(Pictures.Noise(33, 35), 33, 35, PixelFormat.Rgb24);
        using var precise = options.FromPixels(Pictures.Noise(33, 35), 33, 35, PixelFormat.Rgb24);
        Assert.Equal(Codecs.PictureTensor.Map(options.Pixels, bytes.Shape, bytes.Bytes.Span), rounded.Bytes.ToArray());
        Assert.NotEqual(precise.Bytes.ToArray(), rounded.Bytes.ToArray());
    }

    [Fact]
    public void Gray_becomes_all_colours()
    {
        using var tensor = (Plain with { Height = 1, Layout = ImageLayout.Nhwc }).FromPixels([7, 9], 2, 1, PixelFormat.Gray8);
        Assert.Equal<float>([7, 7, 7, 9, 9, 9], tensor.Span<float>().ToArray());
    }

    [Theory]
    [InlineData(ChannelOrder.Rgb, 1f, 2f, 3.5f)]
    [InlineData(ChannelOrder.Bgr, 7f, 2f, 0.5f)]
    public void Scale_mean_and_deviation_apply_in_the_order_of_the_channels(ChannelOrder channels, float first, float second, float third)
    {
        // (12 × 0.5 − 4) / 2 = 1, (20 × 0.5 − 2) / 4 = 2, (36 × 0.5 − 4) / 4 = 3.5; reversed (18 − 4) / 2 = 7, 2, (6 − 4) / 4 = 0.5.
        var options = new ImagePreprocessing { Width = 1, Height = 1, Channels = channels, Scale = 0.5f, Mean = new(4, 2, 4), StandardDeviation = new(2, 4, 4) };
        using var tensor = options.FromPixels([12, 20, 36], 1, 1, PixelFormat.Rgb24);
        Assert.Equal<float>([first, second, third], tensor.Span<float>().ToArray());
    }

    [Fact]
    public void Presets_have_the_range_that_they_are_named_for()
    {
        byte[] ends = [0, 0, 0, 255, 255, 255];
        AssertEnds(ImagePreprocessing.ZeroToOne(2, 1), [0, 0, 0], [1, 1, 1]);
        AssertEnds(ImagePreprocessing.MinusOneToOne(2, 1), [-1, -1, -1], [1, 1, 1]);
        AssertEnds(ImagePreprocessing.ImageNetCaffe with { Width = 2, Height = 1, Resize = ImageResize.Stretch, ShorterSide = null }, [-104, -117, -123], [151, 138, 132]);
        // (0 − 0.485) / 0.229 and (1 − 0.485) / 0.229, and so on.
        AssertEnds(
            ImagePreprocessing.ImageNet with { Width = 2, Height = 1, Resize = ImageResize.Stretch, ShorterSide = null },
            [-2.1179039f, -2.0357142f, -1.8044444f], [2.2489083f, 2.4285715f, 2.64f]);
        using var bytes = ImagePreprocessing.Bytes(2, 1).FromPixels(ends, 2, 1, PixelFormat.Rgb24);
        Assert.Equal(ends, bytes.Bytes.ToArray());

        void AssertEnds(ImagePreprocessing options, float[] black, float[] white)
        {
            using var tensor = (options with { Layout = ImageLayout.Nhwc }).FromPixels(ends, 2, 1, PixelFormat.Rgb24);
            foreach (var (expected, actual) in black.Concat(white).Zip(tensor.Span<float>().ToArray())) Assert.Equal(expected, actual, 1e-5);
        }
    }

    [Fact]
    public void Pixels_of_another_count_are_refused() =>
        Assert.Contains("12 bytes, and 11", Assert.Throws<ArgumentException>(() => Plain.FromPixels(Rgb.AsSpan(1), 2, 2, PixelFormat.Rgb24)).Message, StringComparison.Ordinal);
}
