using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Quantized;

/// <summary>The elements of a floating-point tensor as binary32, a chunk at a time.</summary>
/// <param name="type">Their type.</param>
/// <param name="tensor">Their bytes.</param>
/// <param name="scratch">Room for a chunk.</param>
internal readonly ref struct Numbers(ElementType type, ReadOnlySpan<byte> tensor, Span<float> scratch)
{
    private readonly ReadOnlySpan<byte> _tensor = tensor;
    private readonly Span<float> _scratch = scratch;

    /// <summary>How many there are.</summary>
    public int Count => _tensor.Length / (type.BitWidth() / 8);

    /// <summary>Some of them, in place where they can be read so.</summary>
    public ReadOnlySpan<float> this[int start, int count] =>
        type == ElementType.Float32 ? MemoryMarshal.Cast<byte, float>(_tensor).Slice(start, count) : Copy(start, count);

    /// <summary>Some of them, which may then be written to.</summary>
    public Span<float> Copy(int start, int count)
    {
        var width = type.BitWidth() / 8;
        FloatingPoint.Read(type, _tensor.Slice(start * width, count * width), _scratch[..count]);
        return _scratch[..count];
    }
}
