using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Finds the rare numbers of large magnitude.</summary>
internal static class TailSearch
{
    /// <summary>The first index from <paramref name="start"/> on whose magnitude is above <paramref name="bound"/>; the length where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Next(ReadOnlySpan<float> values, int start, float bound)
    {
        // Sixty-four at a time until there is one among them.
        var bounds = Vector256.Create(bound);
        for (; start <= values.Length - 8 * Vector256<float>.Count; start += 8 * Vector256<float>.Count)
        {
            var largest = Vector256<float>.Zero;
            for (var i = 0; i < 8; i++) largest = Vector256.MaxNative(largest, Vector256.Abs(Vector256.Create(values[(start + i * Vector256<float>.Count)..])));
            if (Vector256.GreaterThanAny(largest, bounds)) break;
        }

        while (start < values.Length && !(Math.Abs(values[start]) > bound)) start++;
        return start;
    }
}
