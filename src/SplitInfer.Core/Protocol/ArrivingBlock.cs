using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// A block for bytes that are said to come. What is large is made in steps, each when the one before is full, so that a peer which only announces
/// bytes takes no memory: never more than <see cref="FirstBytes"/> or eight times what has come. Not thread-safe.
/// </summary>
internal struct ArrivingBlock
{
    /// <summary>Bytes that are made room for at once.</summary>
    public const int FirstBytes = 1 << 20;

    // Copies what has come about once in all, since each step is far larger than the one before.
    private const int Growth = 8;

    private int _bytes;

    /// <summary>The block; null before <see cref="Open"/> and after <see cref="Take"/>.</summary>
    public TensorBuffer? Buffer { get; private set; }

    /// <summary>Bytes for which there is room.</summary>
    public readonly int Capacity => Math.Min(_bytes, Buffer!.Capacity);

    /// <summary>Makes room for the first of so many bytes.</summary>
    public void Open(int bytes)
    {
        _bytes = bytes;
        // A block that is at rest is there already, whatever comes.
        Buffer = bytes <= FirstBytes ? TensorBufferPool.Shared.Rent(bytes) : TensorBufferPool.Shared.TryRentResting(bytes) ?? TensorBufferPool.Shared.Rent(FirstBytes);
    }

    /// <summary>Makes room for at least <paramref name="needed"/> bytes, of which the first <paramref name="filled"/> are kept.</summary>
    public void Grow(int needed, int filled)
    {
        var old = Buffer!;
        if (needed <= old.Capacity) return;
        var bytes = Math.Min(_bytes, Math.Max(needed, (long)Growth * old.Capacity));
        var larger = TensorBufferPool.Shared.Rent(bytes);
        old.Memory[..Math.Min(filled, old.Capacity)].CopyTo(larger.Memory);
        Buffer = larger;
        old.Release();
    }

    /// <summary>Hands the block to the caller.</summary>
    public TensorBuffer Take()
    {
        var buffer = Buffer!;
        Buffer = null;
        return buffer;
    }

    /// <summary>Gives the block back, if there is one.</summary>
    public void Release()
    {
        Buffer?.Release();
        Buffer = null;
    }
}
