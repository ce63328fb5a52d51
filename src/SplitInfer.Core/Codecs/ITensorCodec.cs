using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>
/// Encodes a tensor as a payload and decodes it. Stateless and safe for concurrent use. Type and shape of the decoded tensor are known
/// from the plan, so a payload contains neither, and a decoder must not take sizes from it without checking them.
/// </summary>
public interface ITensorCodec
{
    /// <summary>The name of the codec, by which client and server agree on it.</summary>
    string Name { get; }

    /// <summary>Whether decoding gives back every bit of every tensor.</summary>
    bool IsLossless { get; }

    /// <summary>Whether a payload equals the bytes of the tensor, so that neither side needs to copy them.</summary>
    bool IsIdentity { get; }

    /// <summary>
    /// Whether a large tensor is cut into slabs, each a tensor of its own for the codec, so that one travels while the next is encoded. True unless a codec says
    /// otherwise; false for one that needs the whole tensor, as a picture needs all its colours. Client and server must agree, so it never changes for a name.
    /// </summary>
    bool TakesSlabs => true;

    /// <summary>
    /// Whether the codec is of use for a value, by what the plan knows of it. True unless a codec says otherwise. Where it is false, calibration and policies leave
    /// the codec out; who names it has it all the same, so it must encode and decode such tensors too, at worst as they are.
    /// </summary>
    /// <param name="value">A value that crosses a cut.</param>
    bool Suits(TensorSpec value) => true;

    /// <summary>The most bytes that a tensor of this type and shape can take. Client and server refuse a payload that is longer.</summary>
    long MaxEncodedLength(ElementType type, TensorShape shape);

    /// <summary>
    /// About how many bytes decoding takes while it goes on, beside the payload and the tensor: buffers, and what native code takes. A server has them count towards what clients may
    /// make it hold, and refuses a request for which there is no room. 0 unless a codec says otherwise.
    /// </summary>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">Their dimensions.</param>
    long ScratchBytes(ElementType type, TensorShape shape) => 0;

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
