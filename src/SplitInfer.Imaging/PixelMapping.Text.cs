using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

public sealed partial record PixelMapping
{
    private const string Forms = "A mapping is a preset (ImageNet, ImageNetCaffe, ZeroToOne, MinusOneToOne, Bytes) first, or words of rgb, bgr, nchw, nhwc, float32, uint8, scale=A, mean=A or mean=A/B/C, and deviation likewise, with commas between them: bgr,mean=104/117/123.";

    /// <summary>Reads a mapping: a preset, or words with commas between them, such as <c>bgr,mean=104/117/123</c> or <c>ImageNet,nhwc</c>. Upper and lower case are the same.</summary>
    /// <param name="text">A preset (<c>ImageNet</c>, <c>ImageNetCaffe</c>, <c>ZeroToOne</c>, <c>MinusOneToOne</c>, <c>Bytes</c>), <c>rgb</c>, <c>bgr</c>, <c>nchw</c>, <c>nhwc</c>, <c>float32</c>, <c>uint8</c>, <c>scale=1/255</c>, <c>mean=A</c> or <c>mean=A/B/C</c>, <c>deviation=A</c> or <c>deviation=A/B/C</c>. What is left out has its default.</param>
    /// <exception cref="FormatException">It is no mapping; the message says which word is wrong.</exception>
    public static PixelMapping Parse(string text) => TryParse(text, out var mapping, out var fault) ? mapping : throw new FormatException(fault);

    /// <summary>Reads a mapping, as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="mapping">The mapping; null where the text is none.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PixelMapping? mapping) => TryParse(text, out mapping, out _);

    /// <summary>The mapping as <see cref="Parse"/> reads it. Equal mappings have the same text, and others have another.</summary>
    public override string ToString()
    {
        foreach (var (name, preset) in KnownMappings.Presets)
        {
            if (this == preset) return name;
            if (this == preset with { Layout = Layout }) return $"{name},{WordOf(Layout)}";
        }

        List<string> words = [Channels == ChannelOrder.Rgb ? "rgb" : "bgr"];
        if (Layout != ImageLayout.Nchw) words.Add(WordOf(Layout));
        if (ElementType != ElementType.Float32) words.Add(ElementType.DisplayName());
        if (Scale != 1) words.Add($"scale={TextOf(Scale)}");
        if (Mean != default) words.Add($"mean={TextOf(Mean)}");
        if (StandardDeviation != new PerChannel(1)) words.Add($"deviation={TextOf(StandardDeviation)}");
        return string.Join(',', words);
    }

    private static bool TryParse(string? text, [NotNullWhen(true)] out PixelMapping? mapping, out string? fault)
    {
        (mapping, fault) = (new(), null);
        foreach (var word in (text ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            mapping = mapping.Read(word);
            if (mapping is not null) continue;
            fault = $"'{word}' says nothing of how pixels become a tensor. {Forms}";
            return false;
        }

        fault = mapping.FaultOf();
        if (fault is not null) mapping = null;
        return mapping is not null;
    }

    private PixelMapping? Read(string word)
    {
        if (Array.Find(KnownMappings.Presets, preset => preset.Name.Equals(word, StringComparison.OrdinalIgnoreCase)).Mapping is { } preset)
        {
            // What words before it say would be lost.
            return this == new PixelMapping() ? preset : null;
        }

        var value = word[(word.IndexOf('=') + 1)..];
        return word.ToLowerInvariant() switch
        {
            "rgb" => this with { Channels = ChannelOrder.Rgb },
            "bgr" => this with { Channels = ChannelOrder.Bgr },
            "nchw" => this with { Layout = ImageLayout.Nchw },
            "nhwc" => this with { Layout = ImageLayout.Nhwc },
            "float32" => this with { ElementType = ElementType.Float32 },
            "uint8" => this with { ElementType = ElementType.UInt8 },
            ['s', 'c', 'a', 'l', 'e', '=', ..] => NumbersOf(value) switch
            {
                [var scale] => this with { Scale = scale },
                [var part, var whole] => this with { Scale = part / whole },
                _ => null,
            },
            ['m', 'e', 'a', 'n', '=', ..] => PerChannelOf(value) is { } mean ? this with { Mean = mean } : null,
            ['d', 'e', 'v', 'i', 'a', 't', 'i', 'o', 'n', '=', ..] => PerChannelOf(value) is { } deviation ? this with { StandardDeviation = deviation } : null,
            _ => null,
        };
    }

    private static PerChannel? PerChannelOf(string text) => NumbersOf(text) switch
    {
        [var all] => new(all),
        [var first, var second, var third] => new(first, second, third),
        _ => null,
    };

    private static float[] NumbersOf(string text)
    {
        var numbers = new List<float>();
        foreach (var part in text.Split('/'))
        {
            if (!float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return [];
            // Of the two zeros, which are equal, one.
            numbers.Add(number == 0 ? 0 : number);
        }

        return [.. numbers];
    }

    private static string WordOf(ImageLayout layout) => layout == ImageLayout.Nchw ? "nchw" : "nhwc";

    private static string TextOf(PerChannel numbers) =>
        numbers == new PerChannel(numbers.First) ? TextOf(numbers.First) : $"{TextOf(numbers.First)}/{TextOf(numbers.Second)}/{TextOf(numbers.Third)}";

    // The shortest text that reads back as the same number.
    private static string TextOf(float number) => (number == 0 ? 0 : number).ToString(CultureInfo.InvariantCulture);
}
