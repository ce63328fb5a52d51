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

    // A payload holds the tensors of a boundary, mostly one to four.
    private const int MaxViews = 8;

    private readonly TensorBufferPool? _pool;
    private readonly IDisposable? _owner;
    private readonly Lock _viewing = new();
    private List<NativeView>? _views;
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

    /// <summary>Wraps foreign memory, with one reference. It may be unaligned.</summary>
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
        foreach (var view in _views ?? []) view.Dispose();
        _owner.Dispose();
    }

    /// <summary>Removes and returns a kept view with this type, shape and offset; null if none is kept.</summary>
    internal NativeView? TakeView(ElementType type, TensorShape shape, int offset)
    {
        lock (_viewing)
        {
            for (var i = 0; i < _views?.Count; i++)
            {
                var view = _views[i];
                if (!view.Is(type, shape, offset)) continue;
                _views.RemoveAt(i);
                return view;
            }

            return null;
        }
    }

    /// <summary>Keeps a view for the next request that wants the same; the one that was kept longest makes room.</summary>
    internal void ReturnView(NativeView view)
    {
        NativeView? dropped = null;
        lock (_viewing)
        {
            _views ??= [];
            if (_views.Count == MaxViews)
            {
                dropped = _views[0];
                _views.RemoveAt(0);
            }

            _views.Add(view);
        }

        dropped?.Dispose();
    }

    /// <summary>Hands a resting block out with one reference.</summary>
    internal void Rent() => _references = 1;
}
