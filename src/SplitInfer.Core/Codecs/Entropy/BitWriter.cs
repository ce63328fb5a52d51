using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>Writes numbers of a few bits each, the lowest bit of the first byte first. The caller provides room.</summary>
internal ref struct BitWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private ulong _pending;
    private int _pendingBits;
    private int _written;

    /// <summary>Writes the low <paramref name="bits"/> (at most 32) of <paramref name="value"/>, whose other bits are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(uint value, int bits)
    {
        _pending |= (ulong)value << _pendingBits;
        _pendingBits += bits;
        if (_pendingBits < 32) return;
        BinaryPrimitives.WriteUInt32LittleEndian(_destination[_written..], (uint)_pending);
        _written += sizeof(uint);
        _pending >>= 32;
        _pendingBits -= 32;
    }

    /// <summary>Pads the last byte with zeros.</summary>
    /// <returns>Bytes written.</returns>
    public int Finish()
    {
        for (; _pendingBits > 0; _pendingBits -= 8, _pending >>= 8) _destination[_written++] = (byte)_pending;
        _pendingBits = 0;
        return _written;
    }
}
