using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Wire;

/// <summary>Copies, though it is no identity, and lets a test look on and have a say.</summary>
internal sealed class ProbeCodec : ITensorCodec
{
    private int _encoded;
    private int _decoded;

    /// <summary>Called before each slab is encoded, with how many were before.</summary>
    public Action<int> OnEncode { get; set; } = static _ => { };

    /// <summary>Called when each slab has been decoded, with how many were before.</summary>
    public Action<int> OnDecoded { get; set; } = static _ => { };

    /// <summary>Slabs that were decoded.</summary>
    public int Decoded => Volatile.Read(ref _decoded);

    public string Name => "Probe";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => type.ByteSize(shape.ElementCount);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        OnEncode(Interlocked.Increment(ref _encoded) - 1);
        tensor.CopyTo(payload);
        return tensor.Length;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (payload.Length != tensor.Length) throw new InvalidPayloadException(Name, "it has another length");
        payload.CopyTo(tensor);
        OnDecoded(Interlocked.Increment(ref _decoded) - 1);
    }
}
