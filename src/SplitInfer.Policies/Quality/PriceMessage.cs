using System.Buffers.Binary;

namespace SplitInfer.Policies.Quality;

/// <summary>What the coordinator tells a node, once a second: one number. 17 bytes.</summary>
/// <param name="Node">The node.</param>
/// <param name="Sequence">Counts the prices for it, so that one that was overtaken on the way is left out.</param>
/// <param name="Price">What a second of it costs, in accuracy of a request of weight 1; at least 0.</param>
public readonly record struct PriceMessage(uint Node, uint Sequence, double Price)
{
    /// <summary>Bytes of a message.</summary>
    public const int Bytes = 17;

    private const byte Version = 1;

    /// <summary>Writes the message, little-endian, to the first <see cref="Bytes"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[1..], Node);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[5..], Sequence);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes[9..], Price);
    }

    /// <summary>Reads a message that anyone may have sent.</summary>
    /// <exception cref="QualityMessageException">It is none, or its price is no number of at least 0.</exception>
    public static PriceMessage Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes || bytes[0] != Version) throw new QualityMessageException($"These {bytes.Length} bytes are no price of version {Version}; run the same version on node and coordinator.");
        var price = BinaryPrimitives.ReadDoubleLittleEndian(bytes[9..]);
        if (!(price >= 0) || !double.IsFinite(price)) throw new QualityMessageException($"A price is a number of at least 0, not {price}.");
        return new(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]), price);
    }
}
