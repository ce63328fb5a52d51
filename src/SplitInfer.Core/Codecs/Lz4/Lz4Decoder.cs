using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Lz4;

/// <summary>Decodes LZ4 blocks that may be forged.</summary>
internal static class Lz4Decoder
{
    /// <summary>The shortest match; a token holds what is beyond it.</summary>
    internal const int MinMatch = 4;

    /// <summary>Decodes a block.</summary>
    /// <returns>Whether it is one that fills <paramref name="output"/> exactly.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryDecode(ReadOnlySpan<byte> block, Span<byte> output)
    {
        int read = 0, written = 0;
        while (read < block.Length)
        {
            int token = block[read++], literals = token >> 4;
            if (literals == 15 && !TryReadLength(block, ref read, ref literals)) return false;
            if (literals > block.Length - read || literals > output.Length - written) return false;
            CopyLiterals(block, read, output, written, literals);
            read += literals;
            written += literals;
            if (read == block.Length) return written == output.Length;

            if (block.Length - read < sizeof(ushort)) return false;
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(block[read..]), match = token & 15;
            read += sizeof(ushort);
            if (match == 15 && !TryReadLength(block, ref read, ref match)) return false;
            match += MinMatch;
            if (offset == 0 || offset > written || match > output.Length - written) return false;
            CopyMatch(output, written, offset, match);
            written += match;
        }

        return false;
    }

    // Short literals go as a whole vector where that stays inside both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyLiterals(ReadOnlySpan<byte> block, int read, Span<byte> output, int written, int count)
    {
        if (count <= 16 && block.Length - read >= 16 && output.Length - written >= 16) block.Slice(read, 16).CopyTo(output[written..]);
        else block.Slice(read, count).CopyTo(output[written..]);
    }

    // A match may reach into what it writes; it then repeats its first bytes, which doubles what can be copied at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMatch(Span<byte> output, int written, int offset, int count)
    {
        var from = written - offset;
        if (offset >= 16 && count <= 16 && output.Length - written >= 16)
        {
            output.Slice(from, 16).CopyTo(output[written..]);
            return;
        }

        while (count > 0)
        {
            var step = Math.Min(count, written - from);
            output.Slice(from, step).CopyTo(output[written..]);
            written += step;
            count -= step;
        }
    }

    // Bytes of 255 go on, the first other one ends. No length grows beyond what the block could hold 255 times.
    private static bool TryReadLength(ReadOnlySpan<byte> block, ref int read, ref int length)
    {
        byte more;
        do
        {
            if (read == block.Length || length > int.MaxValue - 2 * byte.MaxValue) return false;
            more = block[read++];
            length += more;
        }
        while (more == 255);
        return true;
    }
}
