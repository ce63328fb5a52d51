using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.Lz4;

/// <summary>Writes the sequences of an LZ4 block where there may be too little room.</summary>
internal ref struct Lz4Writer(Span<byte> output)
{
    private readonly Span<byte> _output = output;

    /// <summary>Bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>Whether a sequence did not fit.</summary>
    public bool Overran { get; private set; }

    /// <summary>Writes literals and a match.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryWrite(ReadOnlySpan<byte> literals, int offset, int match)
    {
        var beyond = match - Lz4Decoder.MinMatch;
        if (!TryWriteLiterals(literals, Math.Min(beyond, 15), 2 + ExtraBytes(beyond))) return false;
        BinaryPrimitives.WriteUInt16LittleEndian(_output[Written..], (ushort)offset);
        Written += sizeof(ushort);
        WriteExtra(beyond);
        return true;
    }

    /// <summary>Writes the literals at the end of a block.</summary>
    public bool TryWriteLast(ReadOnlySpan<byte> literals) => TryWriteLiterals(literals, 0, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryWriteLiterals(ReadOnlySpan<byte> literals, int matchNibble, int reserve)
    {
        if (1 + ExtraBytes(literals.Length) + literals.Length + reserve > _output.Length - Written)
        {
            Overran = true;
            return false;
        }

        _output[Written++] = (byte)(Math.Min(literals.Length, 15) << 4 | matchNibble);
        WriteExtra(literals.Length);
        Copy(literals, _output[Written..]);
        Written += literals.Length;
        return true;
    }

    // Short ones, by far the most, as two halves that overlap, without a call.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(ReadOnlySpan<byte> literals, Span<byte> destination)
    {
        if (literals.Length is < sizeof(ulong) or > 2 * sizeof(ulong))
        {
            literals.CopyTo(destination);
            return;
        }

        var (first, last) = (MemoryMarshal.Read<ulong>(literals), MemoryMarshal.Read<ulong>(literals[^sizeof(ulong)..]));
        MemoryMarshal.Write(destination, first);
        MemoryMarshal.Write(destination[(literals.Length - sizeof(ulong))..], last);
    }

    private static int ExtraBytes(int length) => length < 15 ? 0 : (length - 15) / 255 + 1;

    private void WriteExtra(int length)
    {
        if (length < 15) return;
        for (length -= 15; length >= 255; length -= 255) _output[Written++] = 255;
        _output[Written++] = (byte)length;
    }
}
