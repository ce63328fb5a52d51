using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>Counts how often each byte value occurs.</summary>
internal static class Histogram
{
    /// <summary>Adds the occurrences of symbols.</summary>
    /// <param name="symbols">The bytes.</param>
    /// <param name="counts">256 counts.</param>
    /// <param name="stride">Look at eight symbols in so many times eight; what is left over at the end counts in any case.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<byte> symbols, Span<uint> counts, int stride = 1)
    {
        counts = counts[..Rans.Symbols];
        var words = MemoryMarshal.Cast<byte, ulong>(symbols);
        foreach (var symbol in symbols[(words.Length * sizeof(ulong))..]) counts[symbol]++;
        if (words.IsEmpty) return;

        // Four tables, so that a run of one symbol does not wait for its own counter.
        Span<uint> tables = stackalloc uint[4 * Rans.Symbols];
        tables.Clear();
        ref var table = ref MemoryMarshal.GetReference(tables);
        for (var i = 0; i < words.Length; i += stride)
        {
            var word = words[i];
            Unsafe.Add(ref table, (int)(byte)word)++;
            Unsafe.Add(ref table, 256 + (int)(byte)(word >> 8))++;
            Unsafe.Add(ref table, 512 + (int)(byte)(word >> 16))++;
            Unsafe.Add(ref table, 768 + (int)(byte)(word >> 24))++;
            Unsafe.Add(ref table, (int)(byte)(word >> 32))++;
            Unsafe.Add(ref table, 256 + (int)(byte)(word >> 40))++;
            Unsafe.Add(ref table, 512 + (int)(byte)(word >> 48))++;
            Unsafe.Add(ref table, 768 + (int)(byte)(word >> 56))++;
        }

        for (var i = 0; i < Rans.Symbols; i++) counts[i] += tables[i] + tables[256 + i] + tables[512 + i] + tables[768 + i];
    }
}
