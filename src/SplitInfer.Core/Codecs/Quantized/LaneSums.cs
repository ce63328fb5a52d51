using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Quantized;

/// <summary>The sums for <see cref="Statistics"/>, separate for each lane. There are sixteen lanes for every vector width, so that sums are the same on every machine.</summary>
internal unsafe struct LaneSums
{
    /// <summary>Numbers that are looked at side by side.</summary>
    public const int Lanes = 16;

    /// <summary>Sums of absolute values.</summary>
    public Vector512<float> Magnitudes;

    /// <summary>The smallest and largest numbers, never above and below 0.</summary>
    public Vector512<float> Min, Max;

    /// <summary>The largest bits without a sign.</summary>
    public Vector512<int> Bits;

    /// <summary>Numbers that are ±0.</summary>
    public Vector512<int> Zeros;

    /// <summary>Looks at groups of numbers, one for each lane.</summary>
    public void Add(float* values, int groups, VectorPath path)
    {
        switch (path)
        {
            case VectorPath.Vector512: Add512(values, groups); break;
            case VectorPath.Vector256: Add256(values, groups); break;
            case VectorPath.Vector128: Add128(values, groups); break;
            default: AddOneByOne(values, groups); break;
        }
    }

    private void AddOneByOne(float* values, int groups)
    {
        for (var i = 0; i < groups * Lanes; i++)
        {
            var (lane, value) = (i % Lanes, values[i]);
            Part<float, float>(ref Magnitudes, lane) += Math.Abs(value);
            Part<float, float>(ref Min, lane) = Math.Min(Part<float, float>(ref Min, lane), value);
            Part<float, float>(ref Max, lane) = Math.Max(Part<float, float>(ref Max, lane), value);
            Part<int, int>(ref Bits, lane) = Math.Max(Part<int, int>(ref Bits, lane), BitConverter.SingleToInt32Bits(Math.Abs(value)));
            if (value == 0) Part<int, int>(ref Zeros, lane)++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add128(float* values, int groups)
    {
        for (var part = 0; part < Lanes / Vector128<float>.Count; part++)
        {
            ref var ofMagnitudes = ref Part<float, Vector128<float>>(ref Magnitudes, part);
            ref var ofMin = ref Part<float, Vector128<float>>(ref Min, part);
            ref var ofMax = ref Part<float, Vector128<float>>(ref Max, part);
            ref var ofBits = ref Part<int, Vector128<int>>(ref Bits, part);
            ref var ofZeros = ref Part<int, Vector128<int>>(ref Zeros, part);
            var (magnitudes, min, max, bits, zeros) = (ofMagnitudes, ofMin, ofMax, ofBits, ofZeros);
            for (var i = 0; i < groups; i++)
            {
                var value = Vector128.Load(values + i * Lanes + part * Vector128<float>.Count);
                var magnitude = Vector128.Abs(value);
                magnitudes += magnitude;
                min = Vector128.MinNative(min, value);
                max = Vector128.MaxNative(max, value);
                bits = Vector128.Max(bits, magnitude.AsInt32());
                zeros -= Vector128.Equals(value, Vector128<float>.Zero).AsInt32();
            }

            (ofMagnitudes, ofMin, ofMax, ofBits, ofZeros) = (magnitudes, min, max, bits, zeros);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add256(float* values, int groups)
    {
        for (var part = 0; part < Lanes / Vector256<float>.Count; part++)
        {
            ref var ofMagnitudes = ref Part<float, Vector256<float>>(ref Magnitudes, part);
            ref var ofMin = ref Part<float, Vector256<float>>(ref Min, part);
            ref var ofMax = ref Part<float, Vector256<float>>(ref Max, part);
            ref var ofBits = ref Part<int, Vector256<int>>(ref Bits, part);
            ref var ofZeros = ref Part<int, Vector256<int>>(ref Zeros, part);
            var (magnitudes, min, max, bits, zeros) = (ofMagnitudes, ofMin, ofMax, ofBits, ofZeros);
            for (var i = 0; i < groups; i++)
            {
                var value = Vector256.Load(values + i * Lanes + part * Vector256<float>.Count);
                var magnitude = Vector256.Abs(value);
                magnitudes += magnitude;
                min = Vector256.MinNative(min, value);
                max = Vector256.MaxNative(max, value);
                bits = Vector256.Max(bits, magnitude.AsInt32());
                zeros -= Vector256.Equals(value, Vector256<float>.Zero).AsInt32();
            }

            (ofMagnitudes, ofMin, ofMax, ofBits, ofZeros) = (magnitudes, min, max, bits, zeros);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add512(float* values, int groups)
    {
        var (magnitudes, min, max, bits, zeros) = (Magnitudes, Min, Max, Bits, Zeros);
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

        (Magnitudes, Min, Max, Bits, Zeros) = (magnitudes, min, max, bits, zeros);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref TPart Part<T, TPart>(ref Vector512<T> lanes, int part) => ref Unsafe.Add(ref Unsafe.As<Vector512<T>, TPart>(ref lanes), part);
}
