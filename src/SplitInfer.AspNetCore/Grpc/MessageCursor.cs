using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>
/// Reads the tags and lengths of a message of protocol buffers, and passes over everything else, so that it takes no memory whatever the message says. Fields
/// end within the message that they are in. Groups, which would nest without a length, are refused.
/// </summary>
/// <param name="message">The message.</param>
internal ref struct MessageCursor(in ReadOnlySequence<byte> message)
{
    private const int MaxVarintBytes = 10, BitsPerByte = 7;

    private const ulong LastOfVarint = 0x8080808080808080;

    private SequenceReader<byte> _reader = new(message);
    private long _end = message.Length;

    /// <summary>Where it is, in bytes from the beginning of the outermost message.</summary>
    public readonly long Position => _reader.Consumed;

    /// <summary>The next tag of the message that it is in: a field's number and, in the three lowest bits, its wire type; 0 at its end.</summary>
    /// <exception cref="InferenceException">There is no tag.</exception>
    public uint NextTag()
    {
        if (_reader.Consumed == _end) return 0;
        var tag = ReadVarint();
        // A number of 0, and what is more than 32 bits, is no tag.
        return tag is >= 8 and <= uint.MaxValue ? (uint)tag : throw Malformed();
    }

    /// <summary>Enters the message that is the field's value.</summary>
    /// <returns>For <see cref="Leave"/>.</returns>
    /// <exception cref="InferenceException">It does not end within the one that it is in.</exception>
    public long Enter()
    {
        var (outer, length) = (_end, ReadLength());
        _end = _reader.Consumed + length;
        return outer;
    }

    /// <summary>Goes back to the message around the one that has been read to its end.</summary>
    public void Leave(long outer) => _end = outer;

    /// <summary>Passes over a value that has a length.</summary>
    /// <returns>The length.</returns>
    /// <exception cref="InferenceException">It does not end within its message.</exception>
    public long SkipBytes()
    {
        var length = ReadLength();
        _reader.Advance(length);
        return length;
    }

    /// <summary>Passes over a value of any type.</summary>
    /// <param name="tag">Its tag.</param>
    /// <returns>Its bytes, without its length.</returns>
    /// <exception cref="InferenceException">It does not end within its message, or is a group.</exception>
    public long Skip(uint tag)
    {
        const uint typeBits = 7;
        var start = _reader.Consumed;
        switch (tag & typeBits)
        {
            case 0: ReadVarint(); break;
            case 1: SkipFixed(sizeof(ulong)); break;
            case 2: return SkipBytes();
            case 5: SkipFixed(sizeof(uint)); break;
            default: throw Malformed();
        }

        return _reader.Consumed - start;
    }

    /// <summary>Passes over a list of numbers of variable length.</summary>
    /// <returns>How many there are.</returns>
    /// <exception cref="InferenceException">It does not end within its message, or within a number.</exception>
    public long SkipVarints()
    {
        var (length, count, last) = (ReadLength(), 0L, (byte)0);
        for (var left = length; left > 0;)
        {
            var span = _reader.UnreadSpan;
            if (span.Length > left) span = span[..(int)left];
            count += CountLasts(span);
            last = span[^1];
            left -= span.Length;
            _reader.Advance(span.Length);
        }

        return last <= sbyte.MaxValue ? count : throw Malformed();
    }

    /// <summary>What is wrong with a message that cannot be read.</summary>
    public readonly InferenceException Malformed() =>
        InferenceException.Bad($"The message is no ModelInferRequest: byte {_reader.Consumed} is not what its definition has there. Send it as the Open Inference Protocol defines it.");

    // The last byte of each number is the one without the highest bit.
    private static long CountLasts(ReadOnlySpan<byte> span)
    {
        long count = 0;
        for (; span.Length >= sizeof(ulong); span = span[sizeof(ulong)..]) count += BitOperations.PopCount(~BinaryPrimitives.ReadUInt64LittleEndian(span) & LastOfVarint);
        foreach (var value in span) count += value <= sbyte.MaxValue ? 1 : 0;
        return count;
    }

    private void SkipFixed(int bytes)
    {
        if (_end - _reader.Consumed < bytes) throw Malformed();
        _reader.Advance(bytes);
    }

    private long ReadLength()
    {
        var length = ReadVarint();
        return length <= (ulong)(_end - _reader.Consumed) ? (long)length : throw Malformed();
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var at = 0; at < MaxVarintBytes && _reader.Consumed < _end && _reader.TryRead(out var part); at++)
        {
            value |= (ulong)(part & sbyte.MaxValue) << (BitsPerByte * at);
            if (part <= sbyte.MaxValue) return value;
        }

        throw Malformed();
    }
}
