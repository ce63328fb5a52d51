using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>What a quantiser must know of numbers. Sums are taken in sixteen lanes whatever the vectors' width, so that they come out the same everywhere.</summary>
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

    private const int Lanes = 16;

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
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe Statistics Of(ReadOnlySpan<float> values, VectorPath path)
    {
        LaneSums sums = default;
        var groups = values.Length / Lanes;
        fixed (float* from = values)
        {
            switch (path)
            {
                case VectorPath.Vector512: Wide512(from, groups, ref sums); break;
                case VectorPath.Vector256: Wide256(from, groups, ref sums); break;
                case VectorPath.Vector128: Wide128(from, groups, ref sums); break;
                default: groups = 0; break;
            }
        }

        for (var i = groups * Lanes; i < values.Length; i++)
        {
            var (lane, value) = (i % Lanes, values[i]);
            sums.Magnitudes[lane] += Math.Abs(value);
            sums.Min[lane] = Math.Min(sums.Min[lane], value);
            sums.Max[lane] = Math.Max(sums.Max[lane], value);
            sums.Bits[lane] = Math.Max(sums.Bits[lane], BitConverter.SingleToInt32Bits(Math.Abs(value)));
            if (value == 0) sums.Zeros[lane]++;
        }

        var all = new Statistics { NonZero = values.Length, IsFinite = true };
        for (var lane = 0; lane < Lanes; lane++)
        {
            all.SumOfMagnitudes += sums.Magnitudes[lane];
            all.Min = Math.Min(all.Min, sums.Min[lane]);
            all.Max = Math.Max(all.Max, sums.Max[lane]);
            all.NonZero -= sums.Zeros[lane];
            all.IsFinite &= sums.Bits[lane] < 0x7F80_0000;
        }

        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Wide128(float* values, int groups, ref LaneSums sums)
    {
        for (var lane = 0; lane < Lanes; lane += 4)
        {
            var (magnitudes, min, max) = (Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);
            var (bits, zeros) = (Vector128<int>.Zero, Vector128<int>.Zero);
            for (var i = 0; i < groups; i++)
            {
                var value = Vector128.Load(values + i * Lanes + lane);
                var magnitude = Vector128.Abs(value);
                magnitudes += magnitude;
                min = Vector128.MinNative(min, value);
                max = Vector128.MaxNative(max, value);
                bits = Vector128.Max(bits, magnitude.AsInt32());
                zeros -= Vector128.Equals(value, Vector128<float>.Zero).AsInt32();
            }

            magnitudes.CopyTo(sums.Magnitudes[lane..]);
            min.CopyTo(sums.Min[lane..]);
            max.CopyTo(sums.Max[lane..]);
            bits.CopyTo(sums.Bits[lane..]);
            zeros.CopyTo(sums.Zeros[lane..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Wide256(float* values, int groups, ref LaneSums sums)
    {
        for (var lane = 0; lane < Lanes; lane += 8)
        {
            var (magnitudes, min, max) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var (bits, zeros) = (Vector256<int>.Zero, Vector256<int>.Zero);
            for (var i = 0; i < groups; i++)
            {
                var value = Vector256.Load(values + i * Lanes + lane);
                var magnitude = Vector256.Abs(value);
                magnitudes += magnitude;
                min = Vector256.MinNative(min, value);
                max = Vector256.MaxNative(max, value);
                bits = Vector256.Max(bits, magnitude.AsInt32());
                zeros -= Vector256.Equals(value, Vector256<float>.Zero).AsInt32();
            }

            magnitudes.CopyTo(sums.Magnitudes[lane..]);
            min.CopyTo(sums.Min[lane..]);
            max.CopyTo(sums.Max[lane..]);
            bits.CopyTo(sums.Bits[lane..]);
            zeros.CopyTo(sums.Zeros[lane..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Wide512(float* values, int groups, ref LaneSums sums)
    {
        var (magnitudes, min, max) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (bits, zeros) = (Vector512<int>.Zero, Vector512<int>.Zero);
        for (var i = 0; i < groups; i++)
        {
            var value = Vector512.Load(values + i * Lanes);
            var magnitude = Vector512.Abs(value);
            magnitudes += magnitude;
            min = Vector512.MinNative(min, value);
            max = Vector512.MaxNative(max, value);
            bits = Vector512.Max(bits, magnitude.AsInt32());
            zeros -= Vector512.Equals(value, Vector512<float>.Zero).AsInt32();
        }

        magnitudes.CopyTo(sums.Magnitudes);
        min.CopyTo(sums.Min);
        max.CopyTo(sums.Max);
        bits.CopyTo(sums.Bits);
        zeros.CopyTo(sums.Zeros);
    }

    [InlineArray(Lanes)]
    private struct Floats
    {
        private float _first;
    }

    [InlineArray(Lanes)]
    private struct Integers
    {
        private int _first;
    }

    private struct LaneSums
    {
        private Floats _magnitudes, _min, _max;
        private Integers _bits, _zeros;

        [System.Diagnostics.CodeAnalysis.UnscopedRef] public Span<float> Magnitudes => _magnitudes;
        [System.Diagnostics.CodeAnalysis.UnscopedRef] public Span<float> Min => _min;
        [System.Diagnostics.CodeAnalysis.UnscopedRef] public Span<float> Max => _max;
        [System.Diagnostics.CodeAnalysis.UnscopedRef] public Span<int> Bits => _bits;
        [System.Diagnostics.CodeAnalysis.UnscopedRef] public Span<int> Zeros => _zeros;
    }
}
