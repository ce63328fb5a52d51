using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.Entropy;

/// <summary>Counts how often each byte value occurs.</summary>
internal static unsafe class Histogram
{
    private const int Group = 8;

    /// <summary>Adds the occurrences of symbols.</summary>
    /// <param name="symbols">The bytes.</param>
    /// <param name="counts">256 counts.</param>
    /// <param name="stride">Counts eight of every 8 × stride symbols; the remainder at the end is always counted.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<byte> symbols, Span<uint> counts, int stride = 1)
    {
        counts = counts[..Rans.Symbols];
        var whole = symbols.Length & -Group;
        foreach (var symbol in symbols[whole..]) counts[symbol]++;
        if (whole == 0) return;

        // A table for each of the eight, so that a run of one symbol does not wait for its own counter.
        var tables = stackalloc uint[Group * Rans.Symbols];
        new Span<uint>(tables, Group * Rans.Symbols).Clear();
        fixed (byte* first = symbols)
        {
            var end = first + whole;
            for (var at = first; at < end; at += Group * stride)
            {
                tables[(nuint)at[0]]++;
                (tables + 256)[(nuint)at[1]]++;
                (tables + 512)[(nuint)at[2]]++;
                (tables + 768)[(nuint)at[3]]++;
                (tables + 1024)[(nuint)at[4]]++;
                (tables + 1280)[(nuint)at[5]]++;
                (tables + 1536)[(nuint)at[6]]++;
                (tables + 1792)[(nuint)at[7]]++;
            }
        }

        for (var i = 0; i < Rans.Symbols; i += Vector256<uint>.Count)
        {
            var sum = Vector256.Create(counts[i..]);
            for (var table = tables + i; table < tables + Group * Rans.Symbols; table += Rans.Symbols) sum += Vector256.Load(table);
            sum.CopyTo(counts[i..]);
        }
    }
}
