using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// The bits of the models. Contexts of like activity have like models, so the length of a frequency is written as the difference from the
/// same token's in the model before that agrees on whether the neighbours are equal.
/// </summary>
internal struct TokenModelFormat
{
    private const int TokenBits = 6;

    // A row for contexts whose neighbours differ, and one for those where they are equal.
    private Lengths _before;

    /// <summary>The most bytes of all models: 6 + 6 bits, and 38 differences of at most 9 bits with their mantissas.</summary>
    public const int MaxLength = Contexts.Count * (1 + 2 * TokenBits + Tokens.Count * (9 + TokenModel.MantissaBits)) / 8 + 1;

    /// <summary>Approximate size of the model of these counts, in 1/256 bit, from the average size of a frequency.</summary>
    public static long RoughCostOf(ReadOnlySpan<uint> counts) => 256L * (1 + 2 * TokenBits + 5 * (counts.Length - counts.Count(0u)));

    /// <summary>Writes the model of a context, or that it has none where the dominant token is −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(scoped ref BitWriter bits, int context, scoped ReadOnlySpan<ushort> frequencies, int dominant)
    {
        bits.Write(dominant < 0 ? 0u : 1u, 1);
        if (dominant < 0) return;
        var last = frequencies.LastIndexOfAnyExcept((ushort)0);
        bits.Write((uint)last, TokenBits);
        bits.Write((uint)dominant, TokenBits);
        Span<byte> before = LengthsOf(context);
        for (var token = 0; token <= last; token++)
        {
            if (token == dominant) continue;
            uint frequency = frequencies[token];
            var length = 32 - BitOperations.LeadingZeroCount(frequency);
            SymbolFrequenciesFormat.WriteDifference(ref bits, length - before[token]);
            before[token] = (byte)length;
            var mantissa = Math.Min(length - 1, TokenModel.MantissaBits);
            if (mantissa > 0) bits.Write(frequency >> (length - 1 - mantissa) & (1u << mantissa) - 1, mantissa);
        }
    }

    /// <summary>Reads the model of a context.</summary>
    /// <returns>1 if it has one, 0 if it has none, −1 if it is not a model.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Read(scoped ref BitReader bits, int context, scoped Span<ushort> frequencies)
    {
        if (bits.Read(1) == 0) return 0;
        frequencies.Clear();
        int last = (int)bits.Read(TokenBits), dominant = (int)bits.Read(TokenBits);
        if (last >= Tokens.Count || dominant > last) return -1;
        Span<byte> before = LengthsOf(context);
        var left = TokenModel.Scale;
        for (var token = 0; token <= last; token++)
        {
            if (token == dominant) continue;
            var length = before[token] + SymbolFrequenciesFormat.ReadDifference(ref bits);
            if (length is < 0 or > TokenModel.ScaleBits || bits.Overran) return -1;
            before[token] = (byte)length;
            if (length == 0) continue;
            var mantissa = Math.Min(length - 1, TokenModel.MantissaBits);
            var frequency = (1 << mantissa | (int)bits.Read(mantissa)) << (length - 1 - mantissa);
            frequencies[token] = (ushort)frequency;
            left -= frequency;
            if (left <= 0) return -1;
        }

        frequencies[dominant] = (ushort)left;
        return bits.Overran ? -1 : 1;
    }

    [UnscopedRef]
    private Span<byte> LengthsOf(int context) => ((Span<byte>)_before).Slice((context & 1) * Tokens.Count, Tokens.Count);

    [InlineArray(2 * Tokens.Count)]
    private struct Lengths
    {
        private byte _first;
    }
}
