using System.Diagnostics.CodeAnalysis;
using SplitInfer.Codecs.Raw;

namespace SplitInfer.Codecs;

/// <summary>The codecs that an end knows, by name. Immutable.</summary>
internal sealed class CodecRegistry
{
    private readonly Dictionary<string, ITensorCodec> _byName;

    /// <summary>Holds <paramref name="codecs"/>, the preferred first; a later one of the same name replaces an earlier one.</summary>
    public CodecRegistry(IEnumerable<ITensorCodec> codecs)
    {
        _byName = new(StringComparer.Ordinal);
        foreach (var codec in codecs) _byName[codec.Name] = codec;
    }

    /// <summary>The codecs that come with SplitInfer.</summary>
    public static CodecRegistry Default { get; } = new([new RawCodec()]);

    /// <summary>The names, the preferred first.</summary>
    public IEnumerable<string> Names => _byName.Keys;

    /// <summary>Finds a codec by its exact name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ITensorCodec? codec) => _byName.TryGetValue(name, out codec);
}
