using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>
/// A 64-byte aligned block that never moves, with a reference count. Each holder releases once; the last release returns
/// the block to its pool.
/// </summary>
/// <remarks>
/// The block lies on the pinned object heap: native code may keep its address, a block that is never released is
/// collected instead of leaked, and a span keeps it alive, which no finalizer over unmanaged memory could promise.
/// </remarks>
internal sealed unsafe class TensorBuffer
{
    /// <summary>Alignment in bytes: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private readonly TensorBufferPool? _pool;
    private readonly byte[] _block;
    private readonly int _start;
    private int _references;

    /// <summary>Takes a block from the system.</summary>
    /// <param name="pool">Where it rests once released; null leaves it to the collector.</param>
    /// <param name="capacity">Bytes.</param>
    internal TensorBuffer(TensorBufferPool? pool, int capacity)
    {
        _pool = pool;
        Capacity = capacity;
        _block = GC.AllocateUninitializedArray<byte>(capacity + Alignment - 1, pinned: true);
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_block));
        _start = (int)(-address & (Alignment - 1));
        Pointer = (byte*)(address + _start);
    }

    /// <summary>Bytes in the block.</summary>
    public int Capacity { get; }

    /// <summary>Address of the first byte; valid while this object is reachable.</summary>
    public byte* Pointer { get; }

    /// <summary>The block.</summary>
    public Memory<byte> Memory => new(_block, _start, Capacity);

    /// <summary>Takes one more reference. The caller must hold one already.</summary>
    public TensorBuffer AddReference()
    {
        ObjectDisposedException.ThrowIf(Interlocked.Increment(ref _references) <= 1, this);
        return this;
    }

    /// <summary>Gives up one reference.</summary>
    public void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        ObjectDisposedException.ThrowIf(left < 0, this);
        if (left == 0) _pool?.Return(this);
    }

    /// <summary>Hands a resting block out with one reference.</summary>
    internal void Rent() => _references = 1;
}
