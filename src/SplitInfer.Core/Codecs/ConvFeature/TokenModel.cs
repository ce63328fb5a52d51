using System.Numerics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// How many of <see cref="Scale"/> parts each token of a context has. The most frequent one gets what the others leave, and these have four
/// significant bits, so that a model is short. Integers only, so that it comes out the same everywhere.
/// </summary>
internal static class TokenModel
{
    /// <summary>Parts of a model are 2 to this power: half of what bytes are coded with, since there are many models.</summary>
    public const int ScaleBits = 11;

    /// <summary>What the frequencies of a model sum to.</summary>
    public const int Scale = 1 << ScaleBits;

    /// <summary>Bits of a frequency below its leading one that are kept.</summary>
    public const int MantissaBits = 3;

    /// <summary>Scales counts to frequencies, at least 1 for each token that occurs.</summary>
    /// <returns>The most frequent token; −1 where there is none.</returns>
    public static int Normalise(ReadOnlySpan<uint> counts, Span<ushort> frequencies)
    {
        if (!counts.ContainsAnyExcept(0u)) return -1;
        ulong total = 0;
        foreach (var count in counts) total += count;
        var dominant = IndexOfLargest(counts);
        var left = Scale;
        var partsOfOne = ((ulong)Scale << 32) / total;
        for (var token = 0; token < counts.Length; token++)
        {
            frequencies[token] = 0;
            if (counts[token] == 0) continue;
            var share = Math.Max(1, (uint)(counts[token] * partsOfOne >> 32));
            frequencies[token] = (ushort)(share & ~0u << Math.Max(0, BitOperations.Log2(share) - MantissaBits));
            if (token != dominant) left -= frequencies[token];
        }

        // The largest of 38 shares is above 53, and what rarer ones got beyond their share is less than 1 each.
        frequencies[dominant] = (ushort)left;
        return dominant;
    }

    /// <summary>Bits that tokens of these counts take, in 1/256.</summary>
    public static long CostOf(ReadOnlySpan<uint> counts, ReadOnlySpan<ushort> frequencies)
    {
        long cost = 0;
        for (var token = 0; token < counts.Length; token++)
        {
            if (counts[token] != 0) cost += counts[token] * (long)((ScaleBits << 8) - Log2Of(frequencies[token]));
        }

        return cost;
    }

    // log2 in 1/256: the exponent, and the mantissa by the line between powers of two with its largest error, 0.086, split.
    private static int Log2Of(uint value)
    {
        var exponent = BitOperations.Log2(value);
        var mantissa = (int)((value << (16 - exponent)) - (1 << 16)) >> 8;
        return (exponent << 8) + mantissa + (mantissa * (256 - mantissa) * 22 >> 14);
    }

    private static int IndexOfLargest(ReadOnlySpan<uint> counts)
    {
        var largest = 0;
        for (var i = 1; i < counts.Length; i++)
        {
            if (counts[i] > counts[largest]) largest = i;
        }

        return largest;
    }
}
