using System.Numerics;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>A static model: how many of <see cref="Rans.Scale"/> parts each symbol has.</summary>
/// <remarks>What runs a few times for each tensor is optimised at once, here and around: in a short session it would never be seen to be hot.</remarks>
internal static class SymbolFrequencies
{
    /// <summary>
    /// Scales <paramref name="counts"/> to frequencies that sum to <see cref="Rans.Scale"/>, at least 1 for each symbol that occurs.
    /// Integers only, so that it comes out the same everywhere. Where nothing occurs, symbol 0 gets everything.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(ReadOnlySpan<uint> counts, Span<ushort> frequencies)
    {
        ulong total = 0;
        foreach (var count in counts) total += count;
        frequencies.Clear();
        if (total == 0)
        {
            frequencies[0] = Rans.Scale;
            return;
        }

        // Symbols that would get less than one part get one; the others share the remaining parts, rounded on the running sum so that the total is exact.
        ulong commonTotal = 0;
        var budget = (ulong)Rans.Scale;
        foreach (var count in counts)
        {
            if (count == 0) continue;
            if (count * (ulong)Rans.Scale < total) budget--;
            else commonTotal += count;
        }

        ulong running = 0, given = 0;
        var missing = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            var share = 1UL;
            if (counts[i] * (ulong)Rans.Scale >= total)
            {
                running += counts[i];
                var upTo = running * budget / commonTotal;
                share = upTo - given;
                given = upTo;
                if (share == 0) (share, missing) = (1, missing + 1);
            }

            frequencies[i] = (ushort)share;
        }

        for (; missing > 0; missing--) frequencies[IndexOfLargest(frequencies)]--;
    }

    /// <summary>Bits that symbols of these counts take under these frequencies, rounded up, in 1/256 bit of precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long BitsOf(ReadOnlySpan<uint> counts, ReadOnlySpan<ushort> frequencies)
    {
        long parts = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0) parts += counts[i] * (long)(256 * Rans.ScaleBits - Log2Of(frequencies[i]));
        }

        return (parts + 255) >> 8;
    }

    // log2 in 1/256: the exponent, and the mantissa by the line between powers of two with its largest error, 0.086, split.
    private static int Log2Of(uint value)
    {
        var exponent = BitOperations.Log2(value);
        var mantissa = (int)((value << (16 - exponent)) - (1 << 16)) >> 8;
        return (exponent << 8) + mantissa + (mantissa * (256 - mantissa) * 22 >> 14);
    }

    private static int IndexOfLargest(ReadOnlySpan<ushort> values)
    {
        var largest = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[largest]) largest = i;
        }

        return largest;
    }
}
