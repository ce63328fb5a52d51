using System.Runtime.CompilerServices;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Encodes a tensor in three passes: statistics, quantisation to bitmaps and symbols, and their entropy coding.</summary>
internal static class QuantizedEncoder
{
    /// <summary>Encodes a tensor if it can be quantised and then fits <paramref name="payload"/>.</summary>
    /// <param name="bits">Bits of a symbol.</param>
    /// <param name="layout">Which values share a scale.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="tensor">The elements.</param>
    /// <param name="payload">Receives the payload without its first byte.</param>
    /// <param name="path">How wide to compute.</param>
    /// <param name="length">Bytes written.</param>
    public static bool TryEncode(int bits, ChannelLayout layout, ElementType type, ReadOnlySpan<byte> tensor, Span<byte> payload, VectorPath path, out int length)
    {
        using var scratch = new Pooled<float>(Chunks.Values);
        using var statistics = new Pooled<Statistics>(layout.Channels);
        using var codes = new Pooled<byte>(layout.Channels);
        var numbers = new Numbers(type, tensor, scratch.Span);
        var all = Measure(numbers, layout, statistics.Span, path);
        var writer = new PayloadWriter(payload);
        length = 0;
        if (!all.IsFinite) return false;
        if (all.NonZero == 0)
        {
            writer.Write(0f);
        }
        else
        {
            var quantizer = Fit(numbers, layout, bits, all, statistics.Span, codes.Span);
            if (!quantizer.IsUsable) return false;
            writer.Write(quantizer.Scale);
            writer.Write([(byte)quantizer.ZeroPoint]);
            if (layout.IsPerChannel) WriteCodes(codes.Span, ref writer, path);
            Encode(quantizer, numbers, scratch.Span, layout, codes.Span, ref writer, path);
        }

        length = writer.Written;
        return !writer.Overran;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Statistics Measure(Numbers numbers, ChannelLayout layout, Span<Statistics> channels, VectorPath path)
    {
        channels.Fill(Statistics.None);
        for (var start = 0; start < numbers.Count; start += Chunks.Values)
        {
            var values = numbers[start, Math.Min(Chunks.Values, numbers.Count - start)];
            for (var i = 0; i < values.Length;)
            {
                var run = values.Slice(i, layout.Together(start + i, values.Length - i));
                ref var channel = ref channels[layout.ChannelOf(start + i)];
                channel = channel.With(Statistics.Of(run, path));
                i += run.Length;
            }
        }

        var all = Statistics.None;
        foreach (ref readonly var channel in channels) all = all.With(channel);
        return all;
    }

    // One quantiser for all channels, and for each a code for how much finer its scale is. All share a zero point, so that zero is preserved.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Quantizer Fit(Numbers numbers, ChannelLayout layout, int bits, in Statistics all, Span<Statistics> channels, Span<byte> codes)
    {
        Span<uint> counts = stackalloc uint[Clipping.Bins];
        Quantizer coarsest = default;
        using var scales = new Pooled<float>(layout.Channels);
        for (var i = 0; i < channels.Length; i++)
        {
            scales.Span[i] = 0;
            if (channels[i].NonZero == 0) continue;
            counts.Clear();
            CountTail(numbers, layout, i, bits, channels[i], counts);
            if (layout.IsPerChannel && !all.IsOneSided) channels[i].MakeSymmetric();
            var quantizer = Quantizer.Fit(channels[i], Clipping.Best(channels[i], bits, counts), bits);
            if (quantizer.Scale > coarsest.Scale) coarsest = quantizer;
            scales.Span[i] = quantizer.Scale;
        }

        for (var i = 0; i < codes.Length; i++) codes[i] = ChannelScales.CodeFor(scales.Span[i], coarsest.Scale);
        return coarsest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountTail(Numbers numbers, ChannelLayout layout, int channel, int bits, in Statistics statistics, Span<uint> counts)
    {
        float least = Clipping.Least(statistics, bits), largest = statistics.Largest;
        if (largest <= least) return;
        for (var start = (long)channel * layout.Run; start < numbers.Count; start += (long)layout.Channels * layout.Run)
        {
            var end = Math.Min(start + layout.Run, numbers.Count);
            for (var at = start; at < end; at += Chunks.Values)
                Clipping.CountTail(numbers[(int)at, (int)Math.Min(Chunks.Values, end - at)], least, largest, counts);
        }
    }

    private static void WriteCodes(ReadOnlySpan<byte> codes, ref PayloadWriter writer, VectorPath path)
    {
        using var block = new Pooled<byte>(EntropyBlock.MaxLength(codes.Length));
        writer.WritePart(block.Span[..EntropyBlock.Encode(codes, block.Span, path)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(Quantizer quantizer, Numbers numbers, Span<float> scratch, ChannelLayout layout, ReadOnlySpan<byte> codes, ref PayloadWriter writer, VectorPath path)
    {
        using var bitmap = new Pooled<byte>(Bitmap.Length(numbers.Count));
        using var symbols = new Pooled<byte>(checked(numbers.Count + SparseQuantization.Spill));
        var used = 0;
        for (var start = 0; start < numbers.Count; start += Chunks.Values)
        {
            var values = numbers[start, Math.Min(Chunks.Values, numbers.Count - start)];
            if (layout.IsPerChannel)
            {
                var scaled = scratch[..values.Length];
                ChannelScales.Apply(layout, codes, values, scaled, start, invert: true);
                values = scaled;
            }

            used += SparseQuantization.Run(quantizer, values, bitmap.Span[(start / 8)..], symbols.Span[used..], path);
        }

        SparseCoding.Write(numbers.Count, bitmap.Span, symbols.Span[..used], (byte)quantizer.Levels, ref writer, path);
    }
}
