using System.Numerics;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Finds the rare numbers of large magnitude.</summary>
internal static class TailSearch
{
    /// <summary>The first index from <paramref name="start"/> on whose magnitude is above <paramref name="bound"/>; the length where there is none.</summary>
    public static int Next(ReadOnlySpan<float> values, int start, float bound)
    {
        var bounds = Vector256.Create(bound);
        for (; start <= values.Length - Vector256<float>.Count; start += Vector256<float>.Count)
        {
            var above = Vector256.GreaterThan(Vector256.Abs(Vector256.Create(values[start..])), bounds).ExtractMostSignificantBits();
            if (above != 0) return start + BitOperations.TrailingZeroCount(above);
        }

        while (start < values.Length && !(Math.Abs(values[start]) > bound)) start++;
        return start;
    }
}
