using System.Runtime.CompilerServices;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Bitmaps and symbols in entropy-coded chunks, under one model for all bitmaps and one for all symbols.</summary>
internal static class SparseCoding
{
    // With this many symbols, a quarter of them predicts the others to a few thousandths of a bit; counting all would take half as long as coding.
    private const int SampleFrom = 1 << 15, SampleStride = 4;

    /// <summary>Writes the models and the chunks.</summary>
    /// <param name="count">Values of the tensor.</param>
    /// <param name="bitmap">A bit for each value.</param>
    /// <param name="symbols">A symbol for each one in the bitmap.</param>
    /// <param name="highest">The highest symbol that there may be.</param>
    /// <param name="writer">Receives them.</param>
    /// <param name="path">How wide to compute.</param>
    [SkipLocalsInit]
    public static void Write(int count, ReadOnlySpan<byte> bitmap, ReadOnlySpan<byte> symbols, byte highest, ref PayloadWriter writer, VectorPath path)
    {
        Span<ulong> bitmapTable = stackalloc ulong[RansTables.EncoderLength], symbolTable = stackalloc ulong[RansTables.EncoderLength];
        var bits = WriteModel(bitmap, byte.MaxValue, bitmapTable, ref writer) + WriteModel(symbols, highest, symbolTable, ref writer);
        using var work = new Pooled<byte>(Rans.WorkLength(Chunks.Values + Bitmap.Length(Chunks.Values)));
        for (var start = 0; start < count; start += Chunks.Values)
        {
            var values = Math.Min(Chunks.Values, count - start);
            var chunk = bitmap.Slice(start / 8, Bitmap.Length(values));
            var ones = Bitmap.CountOnes(chunk, values);
            var encoder = new RansEncoder(work.Span, Rans.LanesFor(bits / 8 * values / count), path);
            encoder.Write(symbolTable, symbols[..ones]);
            encoder.Write(bitmapTable, chunk);
            writer.WritePart(encoder.Finish());
            symbols = symbols[ones..];
        }
    }

    private static long WriteModel(ReadOnlySpan<byte> symbols, byte highest, scoped Span<ulong> table, scoped ref PayloadWriter writer)
    {
        Span<uint> counts = stackalloc uint[Rans.Symbols];
        Span<ushort> frequencies = stackalloc ushort[Rans.Symbols];
        Span<byte> model = stackalloc byte[SymbolFrequenciesFormat.MaxLength];
        counts.Clear();
        var stride = symbols.Length >= SampleFrom ? SampleStride : 1;
        Histogram.Add(symbols, counts, stride);

        // A sample may miss a symbol that occurs, so each that may occur gets a share.
        if (stride > 1)
        {
            for (var symbol = 0; symbol <= highest; symbol++) counts[symbol]++;
        }

        SymbolFrequencies.Normalise(counts, frequencies);
        RansTables.FillEncoder(frequencies, table);
        writer.Write(model[..SymbolFrequenciesFormat.Write(frequencies, model)]);
        return SymbolFrequencies.BitsOf(counts, frequencies) * stride;
    }
}
