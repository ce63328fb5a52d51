using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

/// <summary>
/// How a picture becomes the input of a vision model: size, colours, axes and range, as the model was trained. Each element is
/// (pixel × <see cref="Scale"/> − <see cref="Mean"/>) / <see cref="StandardDeviation"/>, with pixels from 0 to 255. Take a preset and change what differs by
/// <c>with</c>. Immutable, and safe for concurrent use.
/// </summary>
/// <remarks>
/// Pictures are turned upright as their EXIF data says; transparency and colour profiles are left aside. Resizing averages over all pixels that a new one
/// covers (a triangle filter, as Pillow's <c>BILINEAR</c> and torchvision's <c>Resize</c>), so that models see what they saw in training.
/// </remarks>
public sealed partial record ImagePreprocessing
{
    /// <summary>Width of the tensor, pixels; at least 1.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the tensor, pixels; at least 1.</summary>
    public required int Height { get; init; }

    /// <summary>How the picture is brought to that size. <see cref="ImageResize.Stretch"/> unless set.</summary>
    public ImageResize Resize { get; init; }

    /// <summary>
    /// The shorter side of the picture before <see cref="ImageResize.CropCenter"/> cuts, pixels; not below width and height of the tensor. Null (the default) for
    /// the smallest picture that covers the tensor.
    /// </summary>
    public int? ShorterSide { get; init; }

    /// <summary>The order of the colours. <see cref="ChannelOrder.Rgb"/> unless set.</summary>
    public ChannelOrder Channels { get; init; }

    /// <summary>The order of the axes. <see cref="ImageLayout.Nchw"/> unless set.</summary>
    public ImageLayout Layout { get; init; }

    /// <summary>The type of the elements: float32 (the default), or uint8 for models that normalise themselves, without scale, mean and deviation.</summary>
    public ElementType ElementType { get; init; } = ElementType.Float32;

    /// <summary>What pixels from 0 to 255 are multiplied by. 1 unless set; 1/255 gives 0 to 1.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>What is then subtracted. 0 unless set.</summary>
    public PerChannel Mean { get; init; }

    /// <summary>What it is then divided by; never 0. 1 unless set.</summary>
    public PerChannel StandardDeviation { get; init; } = new(1);

    /// <summary>
    /// Whether colours are rounded to whole bytes once the picture is resized, as Pillow and OpenCV do, before they are scaled. False unless set, which keeps the
    /// fractions. A picture codec carries a tensor without loss only where its pixels were bytes.
    /// </summary>
    public bool RoundsToBytes { get; init; }

    /// <summary>
    /// The most pixels of a picture that is decoded, since a small file may hold an enormous picture. 4 bytes for each are the most memory that is taken, so that
    /// pictures that take more have to be smaller: 8 bytes a pixel if EXIF data turns it, 2 more for each colour of a JPEG of several scans, and up to 360, 374 MB in all,
    /// for a WebP without loss. Ten scans of so many pixels are the most. 100,000,000 unless set, at most 500,000,000.
    /// </summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>What of it tells how bytes become elements, whatever the size: what codecs for pictures are made for.</summary>
    public PixelMapping Pixels => new() { Channels = Channels, Layout = Layout, ElementType = ElementType, Scale = Scale, Mean = Mean, StandardDeviation = StandardDeviation };

    /// <summary>Classifiers trained on ImageNet, as torchvision's, timm's and most others: shorter side 256, the centre of 224×224, RGB, 0 to 1 and then normalised.</summary>
    public static ImagePreprocessing ImageNet { get; } = new()
    {
        Width = 224,
        Height = 224,
        Resize = ImageResize.CropCenter,
        ShorterSide = 256,
        Scale = 1f / 255,
        Mean = new(0.485f, 0.456f, 0.406f),
        StandardDeviation = new(0.229f, 0.224f, 0.225f),
    };

    /// <summary>Classifiers trained on ImageNet with Caffe, such as the first VGG and SqueezeNet: shorter side 256, the centre of 224×224, BGR, 0 to 255 less the mean.</summary>
    public static ImagePreprocessing ImageNetCaffe { get; } = new()
    {
        Width = 224,
        Height = 224,
        Resize = ImageResize.CropCenter,
        ShorterSide = 256,
        Channels = ChannelOrder.Bgr,
        Mean = new(104, 117, 123),
    };

    /// <summary>The whole picture, stretched, as float32 RGB from 0 to 1.</summary>
    public static ImagePreprocessing ZeroToOne(int width, int height) => new() { Width = width, Height = height, Scale = 1f / 255 };

    /// <summary>The whole picture, stretched, as float32 RGB from −1 to 1, as MobileNet and Inception of TensorFlow take it.</summary>
    public static ImagePreprocessing MinusOneToOne(int width, int height) => new() { Width = width, Height = height, Scale = 1 / 127.5f, Mean = new(1) };

    /// <summary>The whole picture, stretched, as RGB bytes with the channels last.</summary>
    public static ImagePreprocessing Bytes(int width, int height) => new() { Width = width, Height = height, ElementType = ElementType.UInt8, Layout = ImageLayout.Nhwc };

    /// <summary>The same for the input of a model: its axes, its type and, where the model fixes it, its size; <see cref="ShorterSide"/> keeps its proportion to the size.</summary>
    /// <param name="input">The input, such as <c>client.Plan.Inputs[0]</c>.</param>
    /// <exception cref="TensorMismatchException">It takes no pictures: not four axes with one of three channels, or neither float32 nor uint8.</exception>
    public ImagePreprocessing For(TensorSpec input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Type is not (ElementType.Float32 or ElementType.UInt8)) throw Unfit(input);
        var (layout, height, width) = input.Dimensions switch
        {
            [_, { Size: 3 }, var h, var w] => (ImageLayout.Nchw, h, w),
            [_, var h, var w, { Size: 3 }] => (ImageLayout.Nhwc, h, w),
            _ => throw Unfit(input),
        };
        var fitted = this with { Layout = layout, ElementType = input.Type, Width = SizeOf(width, Width), Height = SizeOf(height, Height) };
        return fitted with { ShorterSide = (int?)((long?)ShorterSide * Math.Max(fitted.Width, fitted.Height) / Math.Max(Width, Height)) };
    }

    private static int SizeOf(Dimension dimension, int otherwise) => dimension.IsFixed ? checked((int)dimension.Size) : otherwise;

    private static TensorMismatchException Unfit(TensorSpec input) =>
        new($"The input {input} takes no pictures: those are float32 or uint8 of N×3×H×W or N×H×W×3. Make its tensor of other data.");
}
