using System.Buffers;

namespace SplitInfer.Tensors;

/// <summary>Memory that is not managed and does not move, as <see cref="Memory{T}"/>, which keeps its owner reachable. A span does not.</summary>
internal sealed unsafe class NativeMemory(byte* pointer, int length, object owner) : MemoryManager<byte>
{
    private readonly byte* _pointer = pointer;

    public override Span<byte> GetSpan()
    {
        GC.KeepAlive(owner);
        return new(_pointer, length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
        return new(_pointer + elementIndex, pinnable: this);
    }

    public override void Unpin() { }

    protected override void Dispose(bool disposing) { }
}
