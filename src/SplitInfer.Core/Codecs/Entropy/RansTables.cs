using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Entropy;

/// <summary>The tables by which symbols are coded under a model. Spans of the caller, so that nothing is allocated.</summary>
internal static class RansTables
{
    /// <summary>Entries of an encoder's table.</summary>
    public const int EncoderLength = Rans.Symbols;

    /// <summary>Entries of a decoder's table.</summary>
    public const int DecoderLength = Rans.Scale;

    /// <summary>Bits 0–31 of an encoder's entry: 2^32 − 1 over the frequency, rounded down. Bits 32–44: the frequency. From 45: the first slot.</summary>
    public const int FrequencyBit = 32, StartBit = 45;

    /// <summary>Bits 0–7 of a decoder's entry: the symbol. From 8: its frequency less one. From 20: how far the slot is from its first.</summary>
    public const int FrequencyLessOneBit = 8, OffsetBit = 20;

    /// <summary>Fills the encoder's table, an entry for each symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillEncoder(ReadOnlySpan<ushort> frequencies, Span<ulong> table)
    {
        ulong start = 0;
        for (var symbol = 0; symbol < Rans.Symbols; symbol++)
        {
            uint frequency = frequencies[symbol];
            table[symbol] = uint.MaxValue / Math.Max(frequency, 1) | (ulong)frequency << FrequencyBit | start << StartBit;
            start += frequency;
        }
    }

    /// <summary>Fills the decoder's table, an entry for each slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillDecoder(ReadOnlySpan<ushort> frequencies, Span<uint> table)
    {
        var slot = 0;
        for (var symbol = 0; symbol < Rans.Symbols; symbol++)
        {
            uint frequency = frequencies[symbol];
            var entry = (uint)symbol | (frequency - 1) << FrequencyLessOneBit;
            var offset = 0u;
            for (; offset + 8 <= frequency; offset += 8, slot += 8)
                ((Vector256.Create(offset) + Vector256<uint>.Indices << OffsetBit) | Vector256.Create(entry)).CopyTo(table[slot..]);
            for (; offset < frequency; offset++) table[slot++] = entry | offset << OffsetBit;
        }
    }
}
