using SplitInfer.Imaging;

namespace WebApi;

/// <summary>What the model was trained on, which its file does not say.</summary>
internal sealed class ClassifierOptions
{
    /// <summary>How its pictures were prepared.</summary>
    public Preset Preprocessing { get; set; }

    /// <summary>A file with the names of its classes, one a line; null where there is none.</summary>
    public string? LabelsPath { get; set; }

    /// <summary>How many classes an answer has.</summary>
    public int Top { get; set; } = 5;

    /// <summary>The presets of <see cref="ImagePreprocessing"/>.</summary>
    internal enum Preset
    {
        ImageNet,
        ImageNetCaffe,
        ZeroToOne,
        MinusOneToOne,
        Bytes,
    }

    /// <summary>The preset itself; where the model leaves the size open, pictures of 224×224.</summary>
    public ImagePreprocessing ToPreprocessing() => Preprocessing switch
    {
        Preset.ImageNetCaffe => ImagePreprocessing.ImageNetCaffe,
        Preset.ZeroToOne => ImagePreprocessing.ZeroToOne(224, 224),
        Preset.MinusOneToOne => ImagePreprocessing.MinusOneToOne(224, 224),
        Preset.Bytes => ImagePreprocessing.Bytes(224, 224),
        _ => ImagePreprocessing.ImageNet,
    };
}
