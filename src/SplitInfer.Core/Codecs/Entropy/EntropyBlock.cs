using System.Buffers;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>A run of bytes coded for itself: its own model, or stored where that is no longer.</summary>
internal static class EntropyBlock
{
    private const byte Stored = 0, Coded = 1;

    /// <summary>The most bytes that <paramref name="symbols"/> symbols take.</summary>
    public static int MaxLength(int symbols) => checked(symbols + 1);

    /// <summary>Encodes <paramref name="symbols"/>. The decoder must know how many they were.</summary>
    /// <returns>Bytes written to <paramref name="destination"/>, which has room for <see cref="MaxLength"/>.</returns>
    [SkipLocalsInit]
    public static int Encode(ReadOnlySpan<byte> symbols, Span<byte> destination, VectorPath path)
    {
        Span<uint> counts = stackalloc uint[Rans.Symbols];
        Span<ushort> frequencies = stackalloc ushort[Rans.Symbols];
        Span<byte> model = stackalloc byte[SymbolFrequenciesFormat.MaxLength];
        counts.Clear();
        Histogram.Add(symbols, counts);
        SymbolFrequencies.Normalise(counts, frequencies);
        model = model[..SymbolFrequenciesFormat.Write(frequencies, model)];
        var estimate = SymbolFrequencies.BitsOf(counts, frequencies) / 8;
        if (model.Length + estimate < symbols.Length)
        {
            Span<ulong> table = stackalloc ulong[RansTables.EncoderLength];
            RansTables.FillEncoder(frequencies, table);
            var work = ArrayPool<byte>.Shared.Rent(Rans.WorkLength(symbols.Length));
            try
            {
                var encoder = new RansEncoder(work, Rans.LanesFor(estimate), path);
                encoder.Write(table, symbols);
                var stream = encoder.Finish();
                if (model.Length + stream.Length < symbols.Length)
                {
                    destination[0] = Coded;
                    model.CopyTo(destination[1..]);
                    stream.CopyTo(destination[(1 + model.Length)..]);
                    return 1 + model.Length + stream.Length;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(work);
            }
        }

        destination[0] = Stored;
        symbols.CopyTo(destination[1..]);
        return 1 + symbols.Length;
    }

    /// <summary>Decodes all of <paramref name="block"/>, which may be forged, to exactly <paramref name="symbols"/>.</summary>
    /// <param name="codec">Name of the codec that decodes, for the message.</param>
    /// <param name="block">Exactly the block.</param>
    /// <param name="symbols">As many as were encoded.</param>
    /// <param name="path">How wide to compute.</param>
    /// <exception cref="InvalidPayloadException">It is not a block of so many symbols.</exception>
    [SkipLocalsInit]
    public static void Decode(string codec, ReadOnlySpan<byte> block, Span<byte> symbols, VectorPath path)
    {
        var reader = new PayloadReader(codec, block);
        switch (reader.ReadByte())
        {
            case Stored:
                reader.ReadBytes(symbols.Length).CopyTo(symbols);
                reader.End();
                break;
            case Coded:
                Span<ushort> frequencies = stackalloc ushort[Rans.Symbols];
                Span<uint> table = stackalloc uint[RansTables.DecoderLength];
                SymbolFrequenciesFormat.Read(ref reader, frequencies);
                RansTables.FillDecoder(frequencies, table);
                var decoder = new RansDecoder(codec, reader.Rest, path);
                decoder.Read(table, symbols);
                decoder.Finish();
                break;
            default:
                throw reader.Invalid("a block has an unknown kind");
        }
    }
}
