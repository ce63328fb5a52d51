using System.Buffers.Binary;

namespace SplitInfer.Codecs;

/// <summary>Reads a payload that may be forged: every read is bounded and ends in <see cref="InvalidPayloadException"/> beyond the end.</summary>
/// <param name="codec">Name of the codec that reads, for the message.</param>
/// <param name="payload">All of it.</param>
internal ref struct PayloadReader(string codec, ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    /// <summary>Name of the codec that reads.</summary>
    public string Codec { get; } = codec;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The next <paramref name="count"/> bytes, in place.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw Invalid($"it ends {(uint)count - _rest.Length} bytes early");
        var bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }

    /// <summary>The next byte.</summary>
    public byte ReadByte() => ReadBytes(1)[0];

    /// <summary>The next four bytes, little-endian.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4));

    /// <summary>The next four bytes as a binary32, little-endian.</summary>
    public float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(ReadBytes(4));

    /// <summary>The next part, which a length of four bytes precedes.</summary>
    public ReadOnlySpan<byte> ReadPart()
    {
        var length = ReadUInt32();
        if (length > (uint)_rest.Length) throw Invalid($"a part of {length} bytes was announced and {_rest.Length} are left");
        return ReadBytes((int)length);
    }

    /// <summary>Refuses bytes beyond the last that were due.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty) throw Invalid($"{_rest.Length} bytes were left over");
    }

    /// <summary>An error with the reason why the payload is refused.</summary>
    public readonly InvalidPayloadException Invalid(string reason) => new(Codec, reason);
}
