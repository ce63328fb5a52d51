using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The models of all contexts, at the detail that makes payload and models shortest.</summary>
internal static class ContextModels
{
    private const int Row = 1 << Tokens.Bits;

    /// <summary>Counts, a row of codes for each context.</summary>
    public const int CountsLength = Contexts.Room * Row;

    /// <summary>The most bytes that models take.</summary>
    public const int MaxLength = 1 + TokenModelFormat.MaxLength;

    /// <summary>Writes the models that fit the counts of all codes, and fills the encoder's table from them.</summary>
    /// <param name="counts">How often each code occurs, context by context.</param>
    /// <param name="destination">Room for <see cref="MaxLength"/>.</param>
    /// <param name="table">Receives the entries.</param>
    /// <param name="mask">The bits of a code that select its entry.</param>
    /// <returns>Bytes written.</returns>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ReadOnlySpan<uint> counts, Span<byte> destination, EncoderTable table, out int mask)
    {
        using var merged = new Pooled<uint>(Contexts.Count * Row);
        var best = 0;
        var least = long.MaxValue;
        for (var detail = 0; detail < Contexts.Details.Length; detail++)
        {
            // If merging contexts does not reduce the size, merging more of them will not either.
            Merge(counts, merged.Span, Contexts.Mask(detail));
            var cost = CostOf(merged.Span);
            if (cost >= least) break;
            (least, best) = (cost, detail);
        }

        Merge(counts, merged.Span, Contexts.Mask(best));
        mask = Contexts.Mask(best) << Tokens.Bits | Row - 1;
        return Write(merged.Span, best, destination, table);
    }

    /// <summary>Reads models that may be forged, and fills the decoder's tables.</summary>
    /// <exception cref="InvalidPayloadException">They are no models.</exception>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(scoped ref PayloadReader reader, scoped ref DecoderTables tables)
    {
        var detail = reader.ReadByte();
        if (detail >= Contexts.Details.Length) throw reader.Invalid("the contexts are of an unknown detail");
        var mask = Contexts.Mask(detail);
        Span<ushort> frequencies = stackalloc ushort[Tokens.Room];
        var bits = new BitReader(reader.Rest);
        var format = default(TokenModelFormat);
        tables.Clear();
        for (var context = 0; context < Contexts.Count; context++)
        {
            if ((context & mask) != context) continue;
            var found = format.Read(ref bits, context, frequencies);
            if (found < 0) throw reader.Invalid("the model of a context is out of range");
            if (found > 0) tables.Add(context, frequencies);
        }

        for (var context = 0; context < Contexts.Count; context++) tables.Share(context, context & mask);
        reader.ReadBytes(bits.BytesRead);
    }

    // Counts of contexts that share a model, in the row of the first.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge(ReadOnlySpan<uint> counts, Span<uint> merged, int mask)
    {
        merged[..(Contexts.Count * Row)].Clear();
        for (var context = 0; context < Contexts.Count; context++)
        {
            var from = counts.Slice(context * Row, Tokens.Room);
            var to = merged.Slice((context & mask) * Row, Tokens.Room);
            for (var token = 0; token < Tokens.Room; token += Vector512<uint>.Count)
                (Vector512.Create(to[token..]) + Vector512.Create(from[token..])).CopyTo(to[token..]);
        }
    }

    // Bits of the tokens and, roughly, of the models, in 1/256.
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long CostOf(ReadOnlySpan<uint> merged)
    {
        Span<ushort> frequencies = stackalloc ushort[Tokens.Room];
        var cost = 0L;
        for (var context = 0; context < Contexts.Count; context++)
        {
            var row = merged.Slice(context * Row, Tokens.Room);
            if (TokenModel.Normalise(row, frequencies) >= 0) cost += TokenModel.CostOf(row, frequencies) + TokenModelFormat.RoughCostOf(row);
        }

        return cost;
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Write(ReadOnlySpan<uint> merged, int detail, Span<byte> destination, EncoderTable table)
    {
        destination[0] = (byte)detail;
        Span<ushort> frequencies = stackalloc ushort[Tokens.Room];
        var bits = new BitWriter(destination[1..]);
        var format = default(TokenModelFormat);
        table.SetCertain();
        for (var context = 0; context < Contexts.Count; context++)
        {
            if ((context & Contexts.Mask(detail)) != context) continue;
            var dominant = TokenModel.Normalise(merged.Slice(context * Row, Tokens.Room), frequencies);
            format.Write(ref bits, context, frequencies, dominant);
            if (dominant >= 0) table.Set(context, frequencies);
        }

        return 1 + bits.Finish();
    }
}
