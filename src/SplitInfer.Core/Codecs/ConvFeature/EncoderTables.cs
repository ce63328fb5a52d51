namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The tables by which an encoder finds the share of a code. Spans of the caller; the default value takes nothing.</summary>
internal readonly ref struct EncoderTables(Span<uint> memory)
{
    /// <summary>Entries of each of the two tables.</summary>
    public const int Codes = Contexts.Room << Tokens.Bits;

    /// <summary>Numbers that both tables take.</summary>
    public const int Length = 2 * Codes;

    /// <summary>In an entry of the second table, above the frequency: the first slot.</summary>
    public const int StartBit = 12;

    private readonly Span<uint> _memory = memory;

    /// <summary>For each code 2^32 − 1 over its frequency, rounded down, then for each its share.</summary>
    public Span<uint> Memory => _memory;

    /// <summary>Fills the entries of a context.</summary>
    public void Set(int context, scoped ReadOnlySpan<ushort> frequencies)
    {
        if (_memory.IsEmpty) return;
        var start = 0u;
        for (var token = 0; token < frequencies.Length; token++)
        {
            uint frequency = frequencies[token];
            var code = context << Tokens.Bits | token;
            _memory[code] = uint.MaxValue / Math.Max(frequency, 1);
            _memory[Codes + code] = frequency | start << StartBit;
            start += frequency;
        }
    }

    /// <summary>Fills the entry of the certain context, which leaves a state as it is.</summary>
    public void SetCertain() => Set(Contexts.Certain, [TokenModel.Scale]);
}
