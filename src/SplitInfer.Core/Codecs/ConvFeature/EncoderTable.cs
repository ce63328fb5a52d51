namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The table by which an encoder finds the share of a code. A span of the caller.</summary>
internal readonly ref struct EncoderTable(Span<ulong> entries)
{
    /// <summary>Entries of a table, one for each code.</summary>
    public const int Length = Contexts.Room << Tokens.Bits;

    /// <summary>Bits 0–31 of an entry: 2^32 − 1 over the frequency, rounded down. In the upper half the frequency and, from this bit on, the first slot.</summary>
    public const int StartBit = 12;

    private readonly Span<ulong> _entries = entries;

    /// <summary>Fills the entries of a context.</summary>
    public void Set(int context, scoped ReadOnlySpan<ushort> frequencies)
    {
        var start = 0u;
        for (var token = 0; token < frequencies.Length; token++)
        {
            uint frequency = frequencies[token];
            _entries[context << Tokens.Bits | token] = uint.MaxValue / Math.Max(frequency, 1) | (ulong)(frequency | start << StartBit) << 32;
            start += frequency;
        }
    }

    /// <summary>Fills the entry of the certain context, which leaves a state as it is.</summary>
    public void SetCertain() => Set(Contexts.Certain, [TokenModel.Scale]);
}
