using System.Numerics;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Quantized;

/// <summary>How much finer than the coarsest each channel is quantised: 2^(−code/8), a byte each.</summary>
internal static class ChannelScales
{
    // 2^(−k/8)
    private static readonly float[] Eighths = [1f, 0.91700404f, 0.8408964f, 0.7711054f, 0.70710677f, 0.64841974f, 0.59460354f, 0.5452539f];

    /// <summary>What a code stands for.</summary>
    public static float FactorOf(byte code) => Eighths[code % 8] * BitConverter.Int32BitsToSingle(127 - code / 8 << 23);

    /// <summary>The highest code whose part of <paramref name="coarsest"/> is not below <paramref name="scale"/>.</summary>
    public static byte CodeFor(float scale, float coarsest)
    {
        var (low, high) = (0, 255);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (coarsest * FactorOf((byte)middle) >= scale) low = middle;
            else high = middle - 1;
        }

        return (byte)low;
    }

    /// <summary>Multiplies each value by its channel's factor, or by the reciprocal.</summary>
    /// <param name="layout">Where channels lie.</param>
    /// <param name="codes">One for each channel.</param>
    /// <param name="values">A part of the tensor.</param>
    /// <param name="start">Index of the first of them in the tensor.</param>
    /// <param name="invert">Whether to multiply by the reciprocal.</param>
    public static void Apply(ChannelLayout layout, ReadOnlySpan<byte> codes, Span<float> values, int start, bool invert)
    {
        for (var i = 0; i < values.Length;)
        {
            var factor = FactorOf(codes[layout.ChannelOf(start + i)]);
            if (invert) factor = 1 / factor;
            var run = values.Slice(i, layout.Together(start + i, values.Length - i));
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(run);
            foreach (ref var vector in vectors) vector *= factor;
            foreach (ref var value in run[(vectors.Length * Vector<float>.Count)..]) value *= factor;
            i += run.Length;
        }
    }
}
