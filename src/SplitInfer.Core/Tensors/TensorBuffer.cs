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
    private readonly IDisposable? _owner;
    private NativeView? _view;
    private int _references;

    /// <summary>Takes a block from the system.</summary>
    /// <param name="pool">Where it rests once released; null leaves it to the collector.</param>
    /// <param name="capacity">Bytes.</param>
    internal TensorBuffer(TensorBufferPool? pool, int capacity)
    {
        _pool = pool;
        Capacity = capacity;
        var block = GC.AllocateUninitializedArray<byte>(capacity + Alignment - 1, pinned: true);
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(block));
        var start = (int)(-address & (Alignment - 1));
        Memory = new(block, start, capacity);
        Pointer = (byte*)(address + start);
    }

    /// <summary>Stands for memory of somebody else's, with one reference. Nothing is said of its alignment.</summary>
    /// <param name="pointer">Its first byte; must not move while the buffer is referenced.</param>
    /// <param name="memory">The same memory.</param>
    /// <param name="owner">What keeps it; disposed with the last reference.</param>
    internal TensorBuffer(byte* pointer, Memory<byte> memory, IDisposable owner)
    {
        Pointer = pointer;
        (Memory, Capacity, _owner) = (memory, memory.Length, owner);
        Rent();
    }

    /// <summary>Bytes in the block.</summary>
    public int Capacity { get; }

    /// <summary>Address of the first byte; valid while this object is reachable.</summary>
    public byte* Pointer { get; }

    /// <summary>The block.</summary>
    public Memory<byte> Memory { get; }

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
        if (left > 0) return;
        _pool?.Return(this);
        if (_owner is null) return;
        _view?.Dispose();
        _owner.Dispose();
    }

    /// <summary>Takes the last native view out, where it is such a one; null where it is not, or somebody else has taken it.</summary>
    internal NativeView? TakeView(ElementType type, TensorShape shape, int offset)
    {
        if (Interlocked.Exchange(ref _view, null) is not { } view) return null;
        if (view.Is(type, shape, offset)) return view;
        view.Dispose();
        return null;
    }

    /// <summary>Keeps a native view for who wants the same next.</summary>
    internal void ReturnView(NativeView view)
    {
        if (Interlocked.CompareExchange(ref _view, view, null) is not null) view.Dispose();
    }

    /// <summary>Hands a resting block out with one reference.</summary>
    internal void Rent() => _references = 1;
}
