using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

/// <summary>
/// How the bytes of pixels become the elements of a tensor, whatever its size: each element is (byte × <see cref="Scale"/> − <see cref="Mean"/>) /
/// <see cref="StandardDeviation"/>, computed in binary32 in that order. The part of an <see cref="ImagePreprocessing"/> that a codec for pictures needs.
/// Immutable, and safe for concurrent use.
/// </summary>
public sealed partial record PixelMapping
{
    /// <summary>The order of the colours. <see cref="ChannelOrder.Rgb"/> unless set; a tensor of one channel is grey and has none.</summary>
    public ChannelOrder Channels { get; init; }

    /// <summary>The order of the axes. <see cref="ImageLayout.Nchw"/> unless set.</summary>
    public ImageLayout Layout { get; init; }

    /// <summary>The type of the elements: float32 (the default), or uint8, whose elements are the bytes themselves.</summary>
    public ElementType ElementType { get; init; } = ElementType.Float32;

    /// <summary>What bytes are multiplied by; not 0. 1 unless set.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>What is then subtracted. 0 unless set; a grey tensor takes the first number.</summary>
    public PerChannel Mean { get; init; }

    /// <summary>What it is then divided by; not 0. 1 unless set; a grey tensor takes the first number.</summary>
    public PerChannel StandardDeviation { get; init; } = new(1);

    /// <summary>The same for the input of a model: its axes and its type.</summary>
    /// <param name="input">The input, such as <c>client.Plan.Inputs[0]</c>.</param>
    /// <exception cref="TensorMismatchException">It takes no pictures: not four axes with one of three channels or of one, or neither float32 nor uint8.</exception>
    public PixelMapping For(TensorSpec input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (LayoutOf(input) is not { } layout)
            throw new TensorMismatchException($"The input {input} takes no pictures: those are float32 or uint8 of 1×3×H×W, 1×H×W×3, 1×1×H×W or 1×H×W×1. Use a codec that is not for pictures.");
        return input.Type == ElementType.UInt8 ? new() { Channels = Channels, Layout = layout, ElementType = ElementType.UInt8 } : this with { Layout = layout, ElementType = input.Type };
    }

    /// <summary>Whether a value can be a picture that this mapping made, by its type and axes. Symbolic sizes may be any but that of the channels.</summary>
    public bool Suits(TensorSpec value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Type == ElementType && HasLayout(value, Layout);
    }

    /// <summary>Whether a value can be a picture, whatever the mapping: float32 or uint8, 1×3×H×W, 1×H×W×3, 1×1×H×W or 1×H×W×1.</summary>
    public static bool CanBePicture(TensorSpec value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return LayoutOf(value) is not null;
    }

    /// <summary>Checks that the numbers make sense.</summary>
    /// <exception cref="ArgumentException">One does not; the message names it.</exception>
    public void Validate()
    {
        if (FaultOf() is { } fault) throw new ArgumentException(fault);
    }

    /// <summary>The axes of a value that is like a picture; null where it is not. Three channels go before one, and channels first before channels last.</summary>
    private static ImageLayout? LayoutOf(TensorSpec value)
    {
        if (value.Type is not (ElementType.Float32 or ElementType.UInt8)) return null;
        return value.Dimensions switch
        {
            [_, { Size: 3 }, _, _] when HasLayout(value, ImageLayout.Nchw) => ImageLayout.Nchw,
            [_, _, _, { Size: 3 }] when HasLayout(value, ImageLayout.Nhwc) => ImageLayout.Nhwc,
            _ when HasLayout(value, ImageLayout.Nchw) => ImageLayout.Nchw,
            _ when HasLayout(value, ImageLayout.Nhwc) => ImageLayout.Nhwc,
            _ => null,
        };
    }

    /// <summary>What is wrong with the numbers; null where nothing is.</summary>
    private string? FaultOf()
    {
        if (!Enum.IsDefined(Channels) || !Enum.IsDefined(Layout)) return $"{nameof(Channels)} and {nameof(Layout)} are {Channels} and {Layout}; take values of their types.";
        if (ElementType is not (ElementType.Float32 or ElementType.UInt8)) return $"{nameof(ElementType)} is {ElementType}; it can be {ElementType.Float32} or {ElementType.UInt8}.";
        if (ElementType == ElementType.UInt8 && this != new PixelMapping { Channels = Channels, Layout = Layout, ElementType = ElementType.UInt8 })
            return $"{nameof(Scale)}, {nameof(Mean)} and {nameof(StandardDeviation)} are for {ElementType.Float32}, and {nameof(ElementType)} is {ElementType}. Leave them out.";
        if (!IsFactor(Scale)) return $"{nameof(Scale)} is {Scale}; it can be any finite number but 0.";
        if (!Numbers(Mean).All(float.IsFinite)) return $"{nameof(Mean)} is {Mean}; its numbers must be finite.";
        return Numbers(StandardDeviation).All(IsFactor) ? null : $"{nameof(StandardDeviation)} is {StandardDeviation}; its numbers can be any finite ones but 0.";
    }

    private static bool IsFactor(float number) => float.IsFinite(number) && number != 0;

    private static float[] Numbers(PerChannel numbers) => [numbers.First, numbers.Second, numbers.Third];

    private static bool HasLayout(TensorSpec value, ImageLayout layout) =>
        value.Dimensions is [var batch, var second, _, var last] && (!batch.IsFixed || batch.Size == 1)
        && (layout == ImageLayout.Nchw ? second : last) is { IsFixed: true, Size: 1 or 3 };
}
