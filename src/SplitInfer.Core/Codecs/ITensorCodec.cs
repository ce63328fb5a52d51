using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>
/// Turns a tensor into payload bytes and back. Stateless and safe for concurrent use. What a payload decodes to is known
/// beforehand from the plan, so a payload carries no type and no shape, and a decoder never trusts it for a size.
/// </summary>
public interface ITensorCodec
{
    /// <summary>The name by which both ends and people know the codec.</summary>
    string Name { get; }

    /// <summary>Whether decoding gives back every bit of every tensor.</summary>
    bool IsLossless { get; }

    /// <summary>Whether a payload is the bytes of the tensor themselves, so that no copy need be made at either end.</summary>
    bool IsIdentity { get; }

    /// <summary>The most bytes that a tensor of this type and shape can take. Both ends refuse a payload that is longer.</summary>
    long MaxEncodedLength(ElementType type, TensorShape shape);

    /// <summary>Encodes a tensor.</summary>
    /// <param name="type">Type of its elements.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="tensor">Its bytes, row-major, little-endian.</param>
    /// <param name="payload">At least <see cref="MaxEncodedLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload);

    /// <summary>Decodes a payload, which may be anything that an attacker sends.</summary>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">Their dimensions.</param>
    /// <param name="payload">The bytes received.</param>
    /// <param name="tensor">Exactly the bytes of the tensor; all of them are written on success.</param>
    /// <exception cref="InvalidPayloadException">The payload is not one that <see cref="Encode"/> writes.</exception>
    void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor);
}
