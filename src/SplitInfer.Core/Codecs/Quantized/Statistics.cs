using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>What a quantiser must know of numbers.</summary>
internal struct Statistics
{
    /// <summary>The smallest and largest number, never above and below 0.</summary>
    public float Min, Max;

    /// <summary>The sum of absolute values.</summary>
    public double SumOfMagnitudes;

    /// <summary>Numbers that are not ±0.</summary>
    public long NonZero;

    /// <summary>Whether there is neither an infinity nor a NaN; without it nothing else holds.</summary>
    public bool IsFinite;

    /// <summary>What is known of no numbers.</summary>
    public static Statistics None => new() { IsFinite = true };

    /// <summary>The largest magnitude.</summary>
    public readonly float Largest => Math.Max(-Min, Max);

    /// <summary>Whether no two numbers lie on different sides of zero.</summary>
    public readonly bool IsOneSided => Min == 0 || Max == 0;

    /// <summary>Widens the range to be as large below zero as above.</summary>
    public void MakeSymmetric() => (Min, Max) = (-Largest, Largest);

    /// <summary>What is known of both runs.</summary>
    public readonly Statistics With(in Statistics other) => new()
    {
        Min = Math.Min(Min, other.Min),
        Max = Math.Max(Max, other.Max),
        SumOfMagnitudes = SumOfMagnitudes + other.SumOfMagnitudes,
        NonZero = NonZero + other.NonZero,
        IsFinite = IsFinite && other.IsFinite,
    };

    /// <summary>Looks at a run of numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe Statistics Of(ReadOnlySpan<float> values, VectorPath path)
    {
        LaneSums sums = default;
        var (groups, rest) = Math.DivRem(values.Length, LaneSums.Lanes);
        fixed (float* from = values) sums.Add(from, groups, path);
        var zeros = 0;
        if (rest > 0)
        {
            // The padding of the last group changes only the number of zeros.
            var last = stackalloc float[LaneSums.Lanes];
            values[^rest..].CopyTo(new(last, rest));
            new Span<float>(last + rest, LaneSums.Lanes - rest).Clear();
            sums.Add(last, 1, path);
            zeros = LaneSums.Lanes - rest;
        }

        var all = new Statistics
        {
            Min = Smallest(sums.Min),
            Max = -Smallest(-sums.Max),
            NonZero = values.Length + zeros - Vector512.Sum(sums.Zeros),
            IsFinite = Vector512.LessThanAll(sums.Bits, Vector512.Create(0x7F80_0000)),
        };
        foreach (var magnitude in MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Vector512<float>, float>(ref sums.Magnitudes), LaneSums.Lanes))
            all.SumOfMagnitudes += magnitude;
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Smallest(Vector512<float> lanes)
    {
        var eight = Vector256.MinNative(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.MinNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MinNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MinNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
