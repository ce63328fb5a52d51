using System.Diagnostics.CodeAnalysis;
using SplitInfer.Codecs.BFloat16;
using SplitInfer.Codecs.ConvFeature;
using SplitInfer.Codecs.Float16;
using SplitInfer.Codecs.Lz4;
using SplitInfer.Codecs.Quantized;
using SplitInfer.Codecs.Raw;
using SplitInfer.Codecs.ZeroBitmap;
using SplitInfer.Codecs.ZeroBitmapEntropy;

namespace SplitInfer.Codecs;

/// <summary>The codecs that a client or server knows, by name. Immutable. Client and server must know a codec for it to be used.</summary>
public sealed class CodecRegistry
{
    private readonly Dictionary<string, ITensorCodec> _byName;

    /// <summary>Holds <paramref name="codecs"/>, the preferred first; a later one of the same name replaces an earlier one.</summary>
    public CodecRegistry(IEnumerable<ITensorCodec> codecs)
    {
        _byName = new(StringComparer.Ordinal);
        foreach (var codec in codecs) _byName[codec.Name] = codec;
    }

    /// <summary>The codecs that come with SplitInfer.</summary>
    public static CodecRegistry Default { get; } = new(
    [
        new RawCodec(),
        new ZeroBitmapCodec(),
        new ZeroBitmapEntropyCodec(),
        .. Enumerable.Range(2, 7).Reverse().Select(static bits => new QuantizedCodec(bits)),
        .. Enumerable.Range(2, 7).Reverse().Select(static bits => new QuantizedCodec(bits, perChannel: true)),
        .. ConvFeatureCodec.Percents.ToArray().Select(static percent => new ConvFeatureCodec(percent)),
        new Float16Codec(),
        new BFloat16Codec(),
        new Lz4Codec(),
    ]);

    /// <summary>The names, the preferred first.</summary>
    public IEnumerable<string> Names => _byName.Keys;

    /// <summary>The codecs, the preferred first.</summary>
    public IEnumerable<ITensorCodec> All => _byName.Values;

    /// <summary>These codecs and one more, which replaces one of the same name and is the last choice otherwise.</summary>
    public CodecRegistry With(ITensorCodec codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        return new([.. All, codec]);
    }

    /// <summary>The codecs that <paramref name="names"/> lists, in the order of this registry; all if it is null.</summary>
    /// <exception cref="UnknownCodecException">There is no codec with such a name.</exception>
    public CodecRegistry Allow(IReadOnlyCollection<string>? names)
    {
        if (names is null) return this;
        if (names.FirstOrDefault(name => !_byName.ContainsKey(name)) is { } unknown) throw new UnknownCodecException(unknown, Names);
        return new(All.Where(codec => names.Contains(codec.Name)));
    }

    /// <summary>Finds a codec by its exact name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ITensorCodec? codec) => _byName.TryGetValue(name, out codec);
}
