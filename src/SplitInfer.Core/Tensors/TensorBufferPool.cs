using System.Collections.Concurrent;
using System.Numerics;

namespace SplitInfer.Tensors;

/// <summary>Keeps <see cref="TensorBuffer"/>s of sizes that double, so that repeated requests allocate no memory from the system. Thread-safe.</summary>
internal sealed class TensorBufferPool
{
    /// <summary>Bytes that one size class may keep while unused; further returned buffers are left to the garbage collector.</summary>
    private const long MaxRestingBytes = 64L << 20;

    /// <summary>The largest block, in bytes.</summary>
    public const int MaxBytes = 0x7FFF_FF00;

    private const int MinExponent = 8;

    private readonly ConcurrentQueue<TensorBuffer>[] _pool = [.. Enumerable.Range(0, 32).Select(static _ => new ConcurrentQueue<TensorBuffer>())];

    /// <summary>The default pool of tensors.</summary>
    public static TensorBufferPool Shared { get; } = new();

    /// <summary>Hands out a block of at least <paramref name="bytes"/> bytes with one reference; its content is undefined.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxBytes"/>, or negative.</exception>
    public TensorBuffer Rent(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaxBytes);
        var exponent = ExponentOf(bytes);
        if (!_pool[exponent].TryDequeue(out var buffer))
            buffer = new TensorBuffer(this, exponent >= 31 ? MaxBytes : 1 << exponent);
        buffer.Rent();
        return buffer;
    }

    internal void Return(TensorBuffer buffer)
    {
        var queue = _pool[ExponentOf(buffer.Capacity)];
        if ((queue.Count + 1L) * buffer.Capacity <= MaxRestingBytes) queue.Enqueue(buffer);
    }

    private static int ExponentOf(long bytes) =>
        Math.Max(MinExponent, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(bytes, 1) - 1));
}
