using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests;

public sealed class OptionTests
{
    private static readonly ImagePreprocessing Valid = ImagePreprocessing.ImageNet;

    public static TheoryData<string, ImagePreprocessing> Wrong { get; } = new()
    {
        { nameof(Valid.Width), Valid with { Width = 0 } },
        { nameof(Valid.Height), Valid with { Height = -1 } },
        { nameof(Valid.ShorterSide), Valid with { ShorterSide = 223 } },
        { nameof(Valid.ShorterSide), Valid with { Resize = ImageResize.Stretch } },
        { nameof(Valid.MaxPixels), Valid with { MaxPixels = 0 } },
        { nameof(Valid.MaxPixels), Valid with { MaxPixels = long.MaxValue } },
        { nameof(Valid.Layout), Valid with { Layout = (ImageLayout)7 } },
        { nameof(Valid.ElementType), Valid with { ElementType = ElementType.Float16 } },
        { nameof(Valid.Scale), Valid with { ElementType = ElementType.UInt8 } },
        { nameof(Valid.StandardDeviation), Valid with { StandardDeviation = new(1, 0, 1) } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Options_that_make_no_sense_are_named(string named, ImagePreprocessing options) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => options.FromPixels([1, 2, 3], 1, 1, PixelFormat.Rgb24)).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_are_compared_by_value()
    {
        Assert.Equal(Valid, Valid with { Mean = new(0.485f, 0.456f, 0.406f) });
        Assert.NotEqual(Valid, Valid with { Mean = new(0.5f) });
    }

    [Fact]
    public void Options_are_fitted_to_the_input_of_a_model()
    {
        Assert.Equal(Valid, Valid.For(Spec(ElementType.Float32, 1, 3, 224, 224)));
        Assert.Equal(Valid with { Width = 448, Height = 448, ShorterSide = 512 }, Valid.For(Spec(ElementType.Float32, 1, 3, 448, 448)));
        Assert.Equal(Valid, Valid.For(new("input", ElementType.Float32, Dimension.Symbolic("N"), Dimension.Fixed(3), Dimension.Symbolic("H"), Dimension.Symbolic("W"))));
        Assert.Equal(ImagePreprocessing.Bytes(320, 240), ImagePreprocessing.Bytes(8, 8).For(Spec(ElementType.UInt8, 1, 240, 320, 3)));
    }

    [Theory]
    [InlineData(ElementType.Float32, new long[] { 1, 1, 28, 28 })]
    [InlineData(ElementType.Float32, new long[] { 1, 1000 })]
    [InlineData(ElementType.Float16, new long[] { 1, 3, 224, 224 })]
    public void An_input_that_takes_no_pictures_is_refused(ElementType type, long[] shape) =>
        Assert.Contains("input", Assert.Throws<TensorMismatchException>(() => Valid.For(Spec(type, shape))).Message, StringComparison.Ordinal);

    private static TensorSpec Spec(ElementType type, params long[] shape) => new("input", type, [.. shape.Select(Dimension.Fixed)]);
}
