using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>Tensors as the parts of a payload: themselves where the codec is an identity, else encoded into one block. Not thread-safe; reused.</summary>
internal sealed class EncodedTensors
{
    private ReadOnlyMemory<byte>[] _parts = [];
    private int _count;
    private TensorBuffer? _block;

    /// <summary>The parts, in the order of the tensors; good until <see cref="Release"/>.</summary>
    public ReadOnlyMemory<ReadOnlyMemory<byte>> Parts => _parts.AsMemory(0, _count);

    /// <summary>Encodes <paramref name="tensors"/>, which stay the caller's and must live as long as <see cref="Parts"/> are used.</summary>
    public void Encode(ITensorCodec codec, ReadOnlySpan<Tensor> tensors)
    {
        if (_parts.Length < tensors.Length) _parts = new ReadOnlyMemory<byte>[tensors.Length];
        if (!codec.IsIdentity) _block = TensorBufferPool.Shared.Rent(MaxLength(codec, tensors));
        var at = 0;
        for (_count = 0; _count < tensors.Length; _count++)
        {
            var tensor = tensors[_count];
            if (codec.IsIdentity)
            {
                _parts[_count] = tensor.Bytes;
                continue;
            }

            var room = _block!.Memory.Slice(at, (int)codec.MaxEncodedLength(tensor.ElementType, tensor.Shape));
            var length = codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, room.Span);
            _parts[_count] = room[..length];
            at += length;
        }
    }

    /// <summary>Lets go of the parts.</summary>
    public void Release()
    {
        _block?.Release();
        _block = null;
        _parts.AsSpan(0, _count).Clear();
        _count = 0;
    }

    private static long MaxLength(ITensorCodec codec, ReadOnlySpan<Tensor> tensors)
    {
        long bytes = 0;
        foreach (var tensor in tensors) bytes = checked(bytes + codec.MaxEncodedLength(tensor.ElementType, tensor.Shape));
        return bytes;
    }
}
