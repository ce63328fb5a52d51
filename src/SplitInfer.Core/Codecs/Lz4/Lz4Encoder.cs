using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Lz4;

/// <summary>Encodes LZ4 blocks: greedily, by a table of where four bytes were seen last, faster where nothing is found.</summary>
internal static class Lz4Encoder
{
    private const int HashBits = 12, MaxOffset = ushort.MaxValue;

    // The format: no match begins in the last twelve bytes, none covers the last five.
    private const int LastMatchStart = 12, LastLiterals = 5;

    // After so many misses in a row, as a power of two, steps grow by one byte.
    private const int SkipTrigger = 6;

    /// <summary>Encodes <paramref name="input"/>, at most a chunk.</summary>
    /// <returns>Whether <paramref name="output"/> is long enough.</returns>
    [SkipLocalsInit]
    public static bool TryEncode(ReadOnlySpan<byte> input, Span<byte> output, out int length)
    {
        Span<int> seen = stackalloc int[1 << HashBits];
        seen.Fill(-1);
        var writer = new Lz4Writer(output);
        int anchor = 0, at = 0, misses = 0, lastStart = input.Length - LastMatchStart;
        while (at <= lastStart)
        {
            var four = BinaryPrimitives.ReadUInt32LittleEndian(input[at..]);
            ref var slot = ref seen[(int)(four * 2654435761u >> (32 - HashBits))];
            var candidate = slot;
            slot = at;
            if (candidate < 0 || at - candidate > MaxOffset || BinaryPrimitives.ReadUInt32LittleEndian(input[candidate..]) != four)
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
        }

        var fits = !writer.Overran && writer.TryWriteLast(input[anchor..]);
        length = writer.Written;
        return fits;
    }

    // How many bytes at the start are the same.
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
