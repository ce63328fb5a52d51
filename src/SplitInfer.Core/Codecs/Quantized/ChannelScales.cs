using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Quantized;

/// <summary>How much finer than the coarsest each channel is quantised: 2^(−code/8), a byte each.</summary>
internal static class ChannelScales
{
    // 2^(−k/8)
    private static ReadOnlySpan<float> Eighths => [1f, 0.91700404f, 0.8408964f, 0.7711054f, 0.70710677f, 0.64841974f, 0.59460354f, 0.5452539f];

    /// <summary>What a code stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FactorOf(byte code) => Eighths[code % 8] * BitConverter.Int32BitsToSingle(127 - code / 8 << 23);

    /// <summary>The highest code whose part of <paramref name="coarsest"/> is not below <paramref name="scale"/>, which is not above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte CodeFor(float scale, float coarsest)
    {
        var code = 0;
        for (var bit = 128; bit > 0; bit >>= 1) code |= coarsest * FactorOf((byte)(code | bit)) >= scale ? bit : 0;
        return (byte)code;
    }

    /// <summary>Multiplies each value by its channel's factor, or by the reciprocal.</summary>
    /// <param name="layout">Where channels lie.</param>
    /// <param name="codes">One for each channel.</param>
    /// <param name="values">A part of the tensor.</param>
    /// <param name="products">Receives as many; may be the same.</param>
    /// <param name="start">Index of the first of them in the tensor.</param>
    /// <param name="invert">Whether to multiply by the reciprocal.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(ChannelLayout layout, ReadOnlySpan<byte> codes, ReadOnlySpan<float> values, Span<float> products, int start, bool invert)
    {
        products = products[..values.Length];
        for (var i = 0; i < values.Length;)
        {
            var factor = FactorOf(codes[layout.ChannelOf(start + i)]);
            if (invert) factor = 1 / factor;
            var run = values.Slice(i, layout.Together(start + i, values.Length - i));
            var to = products.Slice(i, run.Length);
            i += run.Length;
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(run);
            var vectorsTo = MemoryMarshal.Cast<float, Vector<float>>(to);
            for (var v = 0; v < vectors.Length; v++) vectorsTo[v] = vectors[v] * factor;
            for (var v = vectors.Length * Vector<float>.Count; v < run.Length; v++) to[v] = run[v] * factor;
        }
    }
}
