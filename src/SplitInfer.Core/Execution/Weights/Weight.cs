using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.Weights;

/// <summary>One constant tensor in unmanaged memory that sessions read in place, shared by every segment that has the same bytes.</summary>
internal sealed unsafe class Weight
{
    internal Weight(ElementType type, TensorShape shape, ReadOnlySpan<byte> bytes)
    {
        (Type, Shape, Length) = (type, shape, bytes.Length);
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Length, TensorBuffer.Alignment);
        bytes.CopyTo(Bytes);
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>The dimensions.</summary>
    public TensorShape Shape { get; }

    /// <summary>Bytes of all elements.</summary>
    public int Length { get; }

    /// <summary>Address of the first element, aligned to 64 bytes; valid while a segment holds the weight.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>The elements, row-major, little-endian.</summary>
    public Span<byte> Bytes => new(Pointer, Length);

    /// <summary>How many segments hold the weight; counted by <see cref="WeightStore"/>.</summary>
    internal int Holders { get; set; }

    internal void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }
}
