using System.Buffers;

namespace SplitInfer.Tensors;

/// <summary>Memory that is not managed and does not move, as <see cref="Memory{T}"/>. The owner keeps the memory alive while spans are in use.</summary>
internal sealed unsafe class NativeMemory(byte* pointer, int length) : MemoryManager<byte>
{
    private readonly byte* _pointer = pointer;

    public override Span<byte> GetSpan() => new(_pointer, length);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
        return new(_pointer + elementIndex);
    }

    public override void Unpin() { }

    protected override void Dispose(bool disposing) { }
}
