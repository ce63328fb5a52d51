using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>
/// Chooses the clipping limit: values beyond it have their distance as error, and the error of values within it decreases with the range. For exponential
/// distributions the best place is known; activations often have a longer tail, so it is sought from there up to the largest magnitude.
/// </summary>
internal static class Clipping
{
    /// <summary>Bins in which magnitudes are counted: eighths of an octave, sixteen octaves down from the largest.</summary>
    public const int Bins = 128;

    // Of a binary32, the exponent and three bits of the mantissa.
    private const int BinShift = 20;

    // W(3·4^k), W being Lambert's: where a two-sided exponential distribution of mean magnitude 1 is best clipped for k bits. A
    // one-sided one needs no sign and is clipped as for a bit more.
    private static readonly double[] ForExponential =
    [
        0, 0, 2.8306829893702337, 3.8972294649451027, 5.028640136236213, 6.204766334013321, 7.4131262138435705, 8.645619984034424,
        9.896759770017528, 11.162685017743998,
    ];

    /// <summary>The best place for numbers that are exponentially distributed; for others the least to consider.</summary>
    public static float Least(in Statistics statistics, int bits) =>
        (float)(statistics.SumOfMagnitudes / statistics.NonZero * ForExponential[statistics.IsOneSided ? bits + 1 : bits]);

    /// <summary>Counts the magnitudes above <paramref name="least"/>.</summary>
    /// <param name="values">A run of numbers.</param>
    /// <param name="least">See <see cref="Least"/>.</param>
    /// <param name="largest">The largest magnitude.</param>
    /// <param name="counts">Has a count for each bin, the largest magnitude's first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CountTail(ReadOnlySpan<float> values, float least, float largest, Span<uint> counts)
    {
        var top = BitConverter.SingleToInt32Bits(largest) >> BinShift;
        var i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var above = Vector512.GreaterThan(Vector512.Abs(Vector512.Create(values[i..])), Vector512.Create(least)).ExtractMostSignificantBits();
            for (; above != 0; above &= above - 1) counts[BinOf(values[i + BitOperations.TrailingZeroCount(above)])]++;
        }

        foreach (var value in values[i..])
        {
            if (Math.Abs(value) > least) counts[BinOf(value)]++;
        }

        int BinOf(float value) => Math.Min(Bins - 1, top - (BitConverter.SingleToInt32Bits(Math.Abs(value)) >> BinShift));
    }

    /// <summary>The magnitude at which to clip.</summary>
    /// <param name="statistics">Of all numbers.</param>
    /// <param name="bits">Bits of a symbol.</param>
    /// <param name="counts">The magnitudes above <see cref="Least"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Best(in Statistics statistics, int bits, ReadOnlySpan<uint> counts)
    {
        double low = -statistics.Min, high = statistics.Max, levels = (1 << bits) - 1, least = Least(statistics, bits), count = statistics.NonZero;
        var top = BitConverter.SingleToInt32Bits(statistics.Largest) >> BinShift;
        double best = statistics.Largest, error = Error(best, 0, 0, 0);

        // Number, sum and sum of squares of the magnitudes above the edge.
        double above = 0, sum = 0, squares = 0;
        for (var bin = 0; bin < Bins && top > bin; bin++)
        {
            double edge = BitConverter.Int32BitsToSingle(top - bin << BinShift), next = BitConverter.Int32BitsToSingle(top - bin + 1 << BinShift);
            var middle = (edge + Math.Min(next, statistics.Largest)) / 2;
            above += counts[bin];
            sum += counts[bin] * middle;
            squares += counts[bin] * middle * middle;
            var clip = Math.Max(edge, least);
            var candidate = Error(clip, above, sum, squares);
            if (candidate < error) (best, error) = (clip, candidate);
            if (edge <= least) break;
        }

        return best;

        // The squared error: of rounding to steps of the range over the levels, and of clipping.
        double Error(double clip, double above, double sum, double squares)
        {
            var step = (Math.Min(low, clip) + Math.Min(high, clip)) / levels;
            return step * step / 12 * (count - above) + squares - 2 * clip * sum + clip * clip * above;
        }
    }
}
