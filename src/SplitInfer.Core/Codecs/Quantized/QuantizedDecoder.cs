using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Decodes a tensor chunk by chunk.</summary>
internal static class QuantizedDecoder
{
    /// <summary>Decodes a payload that may be forged.</summary>
    /// <param name="reader">The payload behind its first byte.</param>
    /// <param name="levels">The highest symbol.</param>
    /// <param name="layout">Which values share a scale.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="tensor">Receives the elements.</param>
    /// <param name="path">How wide to compute.</param>
    /// <exception cref="InvalidPayloadException">The payload is not one that the encoder writes.</exception>
    [SkipLocalsInit]
    public static void Decode(ref PayloadReader reader, int levels, ChannelLayout layout, ElementType type, Span<byte> tensor, VectorPath path)
    {
        var scale = reader.ReadSingle();
        if (scale == 0)
        {
            tensor.Clear();
            return;
        }

        var quantizer = new Quantizer(scale, reader.ReadByte(), levels);
        if (!quantizer.IsUsable || quantizer.ZeroPoint > levels) throw reader.Invalid("a scale or zero point is out of range");
        using var codes = new Pooled<byte>(layout.Channels);
        if (layout.IsPerChannel) EntropyBlock.Decode(reader.Codec, reader.ReadPart(), codes.Span, path);

        Span<uint> bitmapTable = stackalloc uint[RansTables.DecoderLength], symbolTable = stackalloc uint[RansTables.DecoderLength];
        ReadModel(ref reader, bitmapTable);
        ReadModel(ref reader, symbolTable);
        using var bitmap = new Pooled<byte>(Bitmap.Length(Chunks.Values));
        using var symbols = new Pooled<byte>(Chunks.Values + SparseDequantization.Slack);
        using var scratch = new Pooled<float>(Chunks.Values);
        var width = type.BitWidth() / 8;
        var count = tensor.Length / width;
        for (var start = 0; start < count; start += Chunks.Values)
        {
            var elements = tensor.Slice(start * width, Math.Min(Chunks.Values, count - start) * width);
            var values = type == ElementType.Float32 ? MemoryMarshal.Cast<byte, float>(elements) : scratch.Span[..(elements.Length / width)];
            var bits = bitmap.Span[..Bitmap.Length(values.Length)];
            var decoder = new RansDecoder(reader.Codec, reader.ReadPart(), path);
            decoder.Read(bitmapTable, bits);
            var ones = Bitmap.CountOnes(bits, values.Length);
            if (ones < 0) throw reader.Invalid("a bitmap is longer than its chunk");
            decoder.Read(symbolTable, symbols.Span[..ones]);
            decoder.Finish();
            SparseDequantization.Run(quantizer, bits, symbols.Span, values, path);
            if (layout.IsPerChannel) ChannelScales.Apply(layout, codes.Span, values, values, start, invert: false);
            if (type != ElementType.Float32) FloatingPoint.Write(type, values, elements);
        }
    }

    private static void ReadModel(scoped ref PayloadReader reader, scoped Span<uint> table)
    {
        Span<ushort> frequencies = stackalloc ushort[Rans.Symbols];
        SymbolFrequenciesFormat.Read(ref reader, frequencies);
        RansTables.FillDecoder(frequencies, table);
    }
}
