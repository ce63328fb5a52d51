using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>Tensors as payloads, one for each. With an identity codec the payloads are the tensors' own bytes; otherwise they lie in one pooled block, given back on disposal.</summary>
internal sealed class EncodedTensors : IDisposable
{
    private readonly ReadOnlyMemory<byte>[] _payloads;
    private TensorBuffer? _buffer;

    private EncodedTensors(ReadOnlyMemory<byte>[] payloads, TensorBuffer? buffer) => (_payloads, _buffer) = (payloads, buffer);

    /// <summary>One payload for each tensor, valid until disposal and while the tensors are.</summary>
    public ReadOnlyMemory<ReadOnlyMemory<byte>> Payloads => _payloads;

    /// <summary>Bytes of all payloads.</summary>
    public long TotalBytes { get; private init; }

    /// <summary>Encodes tensors, which stay the caller's and must outlive the payloads.</summary>
    public static EncodedTensors Encode(ITensorCodec codec, ReadOnlySpan<Tensor> tensors)
    {
        var payloads = new ReadOnlyMemory<byte>[tensors.Length];
        var buffer = codec.IsIdentity ? null : TensorBufferPool.Shared.Rent(MaxLength(codec, tensors));
        long total = 0;
        for (var i = 0; i < tensors.Length; i++)
        {
            payloads[i] = buffer is null ? tensors[i].Bytes : Encode(codec, tensors[i], buffer.Memory[(int)total..]);
            total += payloads[i].Length;
        }

        return new(payloads, buffer) { TotalBytes = total };
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _buffer, null)?.Release();

    private static Memory<byte> Encode(ITensorCodec codec, Tensor tensor, Memory<byte> free) =>
        free[..codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, free.Span)];

    private static long MaxLength(ITensorCodec codec, ReadOnlySpan<Tensor> tensors)
    {
        long length = 0;
        foreach (var tensor in tensors) checked { length += codec.MaxEncodedLength(tensor.ElementType, tensor.Shape); }
        return length;
    }
}
