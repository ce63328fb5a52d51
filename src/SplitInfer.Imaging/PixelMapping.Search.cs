using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

public sealed partial record PixelMapping
{
    /// <summary>The property of a model's file that states a mapping, as <see cref="Parse"/> reads it.</summary>
    public const string MetadataKey = "splitinfer.pixels";

    private const string Advice = "State the preprocessing, or leave codecs of pictures out.";

    /// <summary>What a model's file says of its pixels: <see cref="MetadataKey"/>, or the properties of the ONNX standard for images (<c>Image.BitmapPixelFormat</c> and <c>Image.NominalPixelRange</c>).</summary>
    /// <param name="properties">The properties of the file, such as <c>model.Metadata.Properties</c>.</param>
    /// <param name="input">The input that takes the picture.</param>
    /// <returns>The mapping; null where the file does not say, or says what this release does not know.</returns>
    /// <exception cref="TensorMismatchException">The input takes no pictures.</exception>
    public static PixelMapping? FromMetadata(IReadOnlyDictionary<string, string> properties, TensorSpec input)
    {
        ArgumentNullException.ThrowIfNull(properties);
        var mapping = new PixelMapping().For(input);
        if (properties.GetValueOrDefault(MetadataKey) is { } stated) return TryParse(stated, out var own) ? own.For(input) : null;
        ChannelOrder? order = properties.GetValueOrDefault("Image.BitmapPixelFormat") switch
        {
            "Rgb8" or "Rgba8" or "Gray8" => ChannelOrder.Rgb,
            "Bgr8" or "Bgra8" => ChannelOrder.Bgr,
            _ => null,
        };
        PixelMapping? range = properties.GetValueOrDefault("Image.NominalPixelRange") switch
        {
            "NominalRange_0_255" => new(),
            "Normalized_0_1" => ImagePreprocessing.ZeroToOne(1, 1).Pixels,
            "Normalized_1_1" => ImagePreprocessing.MinusOneToOne(1, 1).Pixels,
            _ => null,
        };
        return order is null || range is null ? null : (range with { Channels = order.Value, Layout = mapping.Layout }).For(input);
    }

    /// <summary>
    /// Finds the mapping by which samples were made of bytes: element = (byte × scale − mean) / deviation, of which at most 256 different ones fall on a grid in
    /// each channel. Common mappings are tried first; another is found where the samples reach from black to white. Numbers do not show the order of the
    /// colours: that of the common mapping is taken, else RGB.
    /// </summary>
    /// <param name="input">The input that the samples are for.</param>
    /// <param name="samples">The more, the surer; each is looked at once and stays the caller's.</param>
    /// <exception cref="TensorMismatchException">The input takes no pictures, or a sample does not fit.</exception>
    /// <exception cref="PixelMappingNotFoundException">The samples were not made of bytes, or tell too little.</exception>
    public static PixelMapping Find(TensorSpec input, IEnumerable<TensorValue> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var plain = new PixelMapping().For(input);
        if (plain.ElementType == ElementType.UInt8) return plain;
        var levels = SampleLevels.Of(input, plain.Layout, samples);
        PixelMapping[] fitting = [.. KnownMappings.Common.Where(levels.AreOn)];
        if (fitting.Length > 1)
            throw new PixelMappingNotFoundException($"The samples of '{input.Name}' can have been made in several ways ({string.Join("; ", fitting.Select(static mapping => mapping.ToString()))}): they use few of the 256 bytes. Give more samples. {Advice}");
        return (fitting is [var common] ? common : levels.Fit()) with { Layout = plain.Layout };
    }

    /// <summary>The numbers for a channel.</summary>
    internal (double Scale, double Mean, double Deviation) Of(int channel) => channel switch
    {
        0 => (Scale, Mean.First, StandardDeviation.First),
        1 => (Scale, Mean.Second, StandardDeviation.Second),
        _ => (Scale, Mean.Third, StandardDeviation.Third),
    };
}

/// <summary>It was not found how samples were made of pixels. The message has the reason and a remedy.</summary>
public sealed class PixelMappingNotFoundException : SplitInferException
{
    internal PixelMappingNotFoundException(string message) : base(message) { }
}
