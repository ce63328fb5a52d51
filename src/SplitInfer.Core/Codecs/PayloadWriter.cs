using System.Buffers.Binary;

namespace SplitInfer.Codecs;

/// <summary>Writes a payload that may not fit: bytes that do not fit are dropped, and <see cref="Overran"/> is then true.</summary>
internal ref struct PayloadWriter(Span<byte> payload)
{
    private Span<byte> _rest = payload;

    /// <summary>Bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>Whether something did not fit; what was written must not be used then.</summary>
    public bool Overran { get; private set; }

    /// <summary>Writes bytes.</summary>
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (Overran || bytes.Length > _rest.Length)
        {
            Overran = true;
            return;
        }

        bytes.CopyTo(_rest);
        _rest = _rest[bytes.Length..];
        Written += bytes.Length;
    }

    /// <summary>Writes a binary32, little-endian.</summary>
    public void Write(float value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        Write(bytes);
    }

    /// <summary>Writes the length of a part in four bytes, and the part.</summary>
    public void WritePart(scoped ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        Write(length);
        Write(part);
    }
}
