using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// How many of <see cref="Scale"/> parts each token of a context has. The most frequent one gets what the others leave, and these have four
/// significant bits, so that a model is short. Integers only, so that it comes out the same everywhere.
/// </summary>
internal static class TokenModel
{
    /// <summary>Parts of a model are 2 to this power: half of those for coding bytes, because there are many models.</summary>
    public const int ScaleBits = 11;

    /// <summary>What the frequencies of a model sum to.</summary>
    public const int Scale = 1 << ScaleBits;

    /// <summary>Bits of a frequency below its leading one that are kept.</summary>
    public const int MantissaBits = 3;

    /// <summary>Scales counts to frequencies, at least 1 for each token that occurs.</summary>
    /// <param name="counts">A row of <see cref="Tokens.Room"/>, which sums to less than 2^32.</param>
    /// <param name="frequencies">Receives a row.</param>
    /// <returns>The most frequent token; −1 where there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Normalise(ReadOnlySpan<uint> counts, Span<ushort> frequencies)
    {
        var (low, middle, high) = (Vector512.Create(counts), Vector512.Create(counts[16..]), Vector512.Create(counts[32..]));
        var total = Vector512.Sum(low + middle + high);
        if (total == 0) return -1;
        var largest = Vector512.Create(Largest(Vector512.Max(Vector512.Max(low, middle), high)));
        var dominant = BitOperations.TrailingZeroCount(
            Vector512.Equals(low, largest).ExtractMostSignificantBits()
            | Vector512.Equals(middle, largest).ExtractMostSignificantBits() << 16
            | Vector512.Equals(high, largest).ExtractMostSignificantBits() << 32);
        var partsOfOne = Vector512.Create(((ulong)Scale << 32) / total);
        (low, middle, high) = (Shares(low, partsOfOne), Shares(middle, partsOfOne), Shares(high, partsOfOne));
        Vector512.Narrow(low, middle).CopyTo(frequencies);
        Vector512.Narrow(high, high).GetLower().CopyTo(frequencies[32..]);

        // The largest of 38 shares is above 53, and what rarer ones got beyond their share is less than 1 each.
        frequencies[dominant] += (ushort)(Scale - Vector512.Sum(low + middle + high));
        return dominant;
    }

    /// <summary>Bits that tokens of these counts take, in 1/256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long CostOf(ReadOnlySpan<uint> counts, ReadOnlySpan<ushort> frequencies)
    {
        var cost = Vector512<ulong>.Zero;
        for (var token = 0; token < Tokens.Room; token += Vector512<uint>.Count)
        {
            var count = Vector512.Create(counts[token..]);
            var frequency = Vector256.Create(frequencies[token..]);
            var bits = Vector512.Create(ScaleBits << 8) - Log2Of(Vector512.Create(Vector256.WidenLower(frequency), Vector256.WidenUpper(frequency)).AsInt32());
            cost += Products(count, bits.AsUInt32());
        }

        return (long)Vector512.Sum(cost);
    }

    // Of parts in 1/2^32, whole ones, the four highest bits. A binary32 holds them exactly.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Shares(Vector512<uint> counts, Vector512<ulong> partsOfOne)
    {
        var whole = Vector512.Narrow(Vector512.WidenLower(counts) * partsOfOne >> 32, Vector512.WidenUpper(counts) * partsOfOne >> 32);
        var occurs = ~Vector512.Equals(counts, Vector512<uint>.Zero);
        var number = Vector512.ConvertToSingle((Vector512.Max(whole, Vector512<uint>.One) & occurs).AsInt32()).AsInt32();
        return Vector512.ConvertToInt32Native((number & Vector512.Create(-1 << (23 - MantissaBits))).AsSingle()).AsUInt32();
    }

    // log2 in 1/256: the exponent, and the mantissa by the line between powers of two with its largest error, 0.086, split.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Log2Of(Vector512<int> values)
    {
        var number = Vector512.ConvertToSingle(values).AsInt32();
        var mantissa = number >> 15 & Vector512.Create(255);
        return ((number >> 23) - Vector512.Create(127) << 8) + mantissa + (mantissa * (Vector512.Create(256) - mantissa) * Vector512.Create(22) >> 14);
    }

    // Sums of two products each, none of which is negative.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Products(Vector512<uint> left, Vector512<uint> right) =>
        Vector512.WidenLower(left) * Vector512.WidenLower(right) + Vector512.WidenUpper(left) * Vector512.WidenUpper(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Largest(Vector512<uint> values)
    {
        var eight = Vector256.Max(values.GetLower(), values.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3]));
    }
}
