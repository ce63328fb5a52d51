using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The table by which an encoder finds the share of a code. A span of the caller.</summary>
internal readonly ref struct EncoderTable(Span<uint> entries)
{
    /// <summary>Entries of a table, one for each code.</summary>
    public const int Length = Contexts.Room << Tokens.Bits;

    /// <summary>The bits of an entry below this one are the frequency, the others the first slot.</summary>
    public const int StartBit = 12;

    private readonly Span<uint> _entries = entries;

    /// <summary>Fills the entries of a context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Set(int context, scoped ReadOnlySpan<ushort> frequencies)
    {
        var start = 0u;
        for (var token = 0; token < frequencies.Length; token++)
        {
            uint frequency = frequencies[token];
            _entries[context << Tokens.Bits | token] = frequency | start << StartBit;
            start += frequency;
        }
    }

    /// <summary>Fills the entry of the certain context, which does not change a state.</summary>
    public void SetCertain() => Set(Contexts.Certain, [TokenModel.Scale]);
}
