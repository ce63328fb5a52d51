using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>Reads what <see cref="BitWriter"/> wrote. Beyond the end it reads zeros and remembers that it did.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private long _bitsRead;

    /// <summary>Whether more was read than there is.</summary>
    public readonly bool Overran => _bitsRead > 8L * _source.Length;

    /// <summary>Bytes read so far, the started one included.</summary>
    public readonly int BytesRead => (int)((_bitsRead + 7) / 8);

    /// <summary>Reads <paramref name="bits"/> bits, at most 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Read(int bits)
    {
        var value = (uint)(Next() & ((1UL << bits) - 1));
        _bitsRead += bits;
        return value;
    }

    /// <summary>Reads zeros up to the next one, which it reads too; <paramref name="most"/> zeros, at most 32, where there is none before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadZeros(int most)
    {
        var zeros = BitOperations.TrailingZeroCount(Next() | 1UL << most);
        _bitsRead += Math.Min(zeros + 1, most);
        return zeros;
    }

    // At least 57 of the bits that come.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Next()
    {
        var at = (int)(_bitsRead / 8);
        var word = at <= _source.Length - sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(_source[at..]) : NearEnd(at);
        return word >> (int)(_bitsRead % 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly ulong NearEnd(int at)
    {
        var word = 0UL;
        for (var i = _source.Length - 1; i >= at; i--) word = word << 8 | _source[i];
        return word;
    }
}
