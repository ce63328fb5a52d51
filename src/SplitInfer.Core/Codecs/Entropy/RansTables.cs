namespace SplitInfer.Codecs.Entropy;

/// <summary>The tables by which symbols are coded under a model. Spans of the caller, so that nothing is allocated.</summary>
internal static class RansTables
{
    /// <summary>Entries of an encoder's table.</summary>
    public const int EncoderLength = Rans.Symbols;

    /// <summary>Entries of a decoder's table.</summary>
    public const int DecoderLength = Rans.Scale;

    /// <summary>Bits 0–31 of an encoder's entry: 2^32 over the frequency, rounded down. Bits 32–44: the frequency. From 45: the first slot.</summary>
    public const int FrequencyBit = 32, StartBit = 45;

    /// <summary>Fills the encoder's table, an entry for each symbol.</summary>
    public static void FillEncoder(ReadOnlySpan<ushort> frequencies, Span<ulong> table)
    {
        ulong start = 0;
        for (var symbol = 0; symbol < Rans.Symbols; symbol++)
        {
            ulong frequency = frequencies[symbol];
            var reciprocal = frequency > 1 ? (1UL << 32) / frequency : uint.MaxValue;
            table[symbol] = reciprocal | frequency << FrequencyBit | start << StartBit;
            start += frequency;
        }
    }

    /// <summary>Fills the decoder's table, an entry for each slot. Bits 0–7: the symbol. 8–19: its frequency less one. From 20: the slot's offset in it.</summary>
    public static void FillDecoder(ReadOnlySpan<ushort> frequencies, Span<uint> table)
    {
        var slot = 0;
        for (var symbol = 0; symbol < Rans.Symbols; symbol++)
        {
            uint frequency = frequencies[symbol];
            var entry = (uint)symbol | (frequency - 1) << 8;
            for (uint offset = 0; offset < frequency; offset++) table[slot++] = entry | offset << 20;
        }
    }
}
