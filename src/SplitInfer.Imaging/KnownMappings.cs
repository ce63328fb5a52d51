using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

/// <summary>Mappings of pixels that have names, or that many models are trained with.</summary>
internal static class KnownMappings
{
    /// <summary>Those with names. The names are parts of names of codecs, which both ends must spell alike: what is here never changes.</summary>
    public static readonly (string Name, PixelMapping Mapping)[] Presets =
    [
        (nameof(ImagePreprocessing.ImageNet), ImagePreprocessing.ImageNet.Pixels),
        (nameof(ImagePreprocessing.ImageNetCaffe), ImagePreprocessing.ImageNetCaffe.Pixels),
        (nameof(ImagePreprocessing.ZeroToOne), ImagePreprocessing.ZeroToOne(1, 1).Pixels),
        (nameof(ImagePreprocessing.MinusOneToOne), ImagePreprocessing.MinusOneToOne(1, 1).Pixels),
        (nameof(ImagePreprocessing.Bytes), ImagePreprocessing.Bytes(1, 1).Pixels),
    ];

    /// <summary>Common ones of float32. Numbers alone do not tell one order of colours from the other, so each stands here in its usual one.</summary>
    public static readonly PixelMapping[] Common =
    [
        new(),
        .. Presets.Select(static preset => preset.Mapping).Where(static mapping => mapping.ElementType == ElementType.Float32),
        ImagePreprocessing.ImageNet.Pixels with { Channels = ChannelOrder.Bgr, Mean = new(0.406f, 0.456f, 0.485f), StandardDeviation = new(0.225f, 0.224f, 0.229f) },
        new() { Channels = ChannelOrder.Bgr, Mean = new(103.939f, 116.779f, 123.68f) },
        new() { Mean = new(123.68f, 116.779f, 103.939f) },
        new() { Mean = new(127), StandardDeviation = new(128) },
        new() { Mean = new(127.5f), StandardDeviation = new(128) },
    ];
}
