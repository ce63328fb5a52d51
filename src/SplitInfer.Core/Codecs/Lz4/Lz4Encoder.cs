using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Lz4;

/// <summary>Encodes LZ4 blocks: greedily, by a table of where five bytes were seen last, faster where nothing is found.</summary>
internal static class Lz4Encoder
{
    // Five bytes rather than the four of the shortest match: of words that come again and again, the place where more goes on alike is found.
    private const int HashBits = 12, HashedBytes = 5, MaxOffset = ushort.MaxValue;
    private const ulong HashFactor = 889523592379;

    // The format: no match begins in the last twelve bytes, none covers the last five.
    private const int LastMatchStart = 12, LastLiterals = 5;

    // After so many misses in a row, as a power of two, steps grow by one byte.
    private const int SkipTrigger = 6;

    /// <summary>Encodes <paramref name="input"/>, at most a chunk.</summary>
    /// <returns>Whether <paramref name="output"/> is long enough.</returns>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryEncode(ReadOnlySpan<byte> input, Span<byte> output, out int length)
    {
        Span<int> seen = stackalloc int[1 << HashBits];
        seen.Fill(-MaxOffset - 1);
        var writer = new Lz4Writer(output);
        int anchor = 0, at = 0, misses = 0, lastStart = input.Length - LastMatchStart;
        while (at <= lastStart)
        {
            var candidate = Replace(seen, input, at);
            if (at - candidate > MaxOffset || MemoryMarshal.Read<uint>(input[candidate..]) != MemoryMarshal.Read<uint>(input[at..]))
            {
                at += 1 + (misses++ >> SkipTrigger);
                continue;
            }

            while (at > anchor && candidate > 0 && input[at - 1] == input[candidate - 1]) (at, candidate) = (at - 1, candidate - 1);
            var match = Lz4Decoder.MinMatch + Common(input[(at + Lz4Decoder.MinMatch)..^LastLiterals], input[(candidate + Lz4Decoder.MinMatch)..]);
            if (!writer.TryWrite(input[anchor..at], at - candidate, match)) break;
            at += match;
            anchor = at;
            misses = 0;

            // What ends here may come again as a whole, and would not be known from its beginning alone.
            if (at <= lastStart) Replace(seen, input, at - 2);
        }

        var fits = !writer.Overran && writer.TryWriteLast(input[anchor..]);
        length = writer.Written;
        return fits;
    }

    // Where the bytes at a place were seen last, or others that share the slot; the place takes it over.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Replace(Span<int> seen, ReadOnlySpan<byte> input, int at)
    {
        var bytes = MemoryMarshal.Read<ulong>(input[at..]) << (64 - 8 * HashedBytes);
        ref var slot = ref seen[(int)(bytes * HashFactor >> (64 - HashBits))];
        var candidate = slot;
        slot = at;
        return candidate;
    }

    // How many bytes at the start are the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Common(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var i = 0;
        for (; i <= left.Length - sizeof(ulong); i += sizeof(ulong))
        {
            var difference = MemoryMarshal.Read<ulong>(left[i..]) ^ MemoryMarshal.Read<ulong>(right[i..]);
            if (difference != 0) return i + BitOperations.TrailingZeroCount(difference) / 8;
        }

        while (i < left.Length && left[i] == right[i]) i++;
        return i;
    }
}
