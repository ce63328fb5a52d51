using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>Reads what <see cref="BitWriter"/> wrote. Beyond the end it reads zeros and remembers that it did.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private ulong _pending;
    private int _pendingBits;
    private int _read;

    /// <summary>Whether more was read than there is.</summary>
    public readonly bool Overran => _read > _source.Length;

    /// <summary>Bytes read so far, the started one included.</summary>
    public readonly int BytesRead => _read;

    /// <summary>Reads <paramref name="bits"/> bits, at most 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public uint Read(int bits)
    {
        for (; _pendingBits < bits; _pendingBits += 8)
            _pending |= (ulong)(_read++ < _source.Length ? _source[_read - 1] : 0) << _pendingBits;
        var value = (uint)(_pending & ((1UL << bits) - 1));
        _pending >>= bits;
        _pendingBits -= bits;
        return value;
    }
}
