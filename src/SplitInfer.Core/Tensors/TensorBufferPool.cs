using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace SplitInfer.Tensors;

/// <summary>Keeps <see cref="TensorBuffer"/>s of sizes that double, so that repeated requests allocate no memory from the system. Thread-safe.</summary>
internal sealed class TensorBufferPool
{
    /// <summary>Bytes that one size class may keep while unused; further returned buffers are left to the garbage collector.</summary>
    private const long MaxRestingBytes = 64L << 20;

    /// <summary>Bytes that all size classes together may keep while unused, or whoever sends tensors of every size would have the process keep over a gigabyte.</summary>
    public const long MaxRestingBytesInAll = 256L << 20;

    /// <summary>The largest block, in bytes.</summary>
    public const int MaxBytes = 0x7FFF_FF00;

    private const int MinExponent = 8;

    private readonly ConcurrentQueue<TensorBuffer>[] _pool = [.. Enumerable.Range(0, 32).Select(static _ => new ConcurrentQueue<TensorBuffer>())];
    private long _resting;

    /// <summary>Bytes that are kept while unused.</summary>
    internal long Resting => Interlocked.Read(ref _resting);

    /// <summary>The default pool of tensors.</summary>
    public static TensorBufferPool Shared { get; } = new();

    /// <summary>Hands out a block of at least <paramref name="bytes"/> bytes with one reference; its content is undefined.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxBytes"/>, or negative.</exception>
    public TensorBuffer Rent(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaxBytes);
        var exponent = ExponentOf(bytes);
        if (!TryTake(exponent, out var buffer)) buffer = new TensorBuffer(this, exponent >= 31 ? MaxBytes : 1 << exponent);
        buffer.Rent();
        return buffer;
    }

    /// <summary>Hands out a block of at least <paramref name="bytes"/> bytes that takes no new memory; null where none is at rest.</summary>
    public TensorBuffer? TryRentResting(int bytes)
    {
        if (!TryTake(ExponentOf(bytes), out var buffer)) return null;
        buffer.Rent();
        return buffer;
    }

    internal void Return(TensorBuffer buffer)
    {
        var queue = _pool[ExponentOf(buffer.Capacity)];
        if ((queue.Count + 1L) * buffer.Capacity > MaxRestingBytes) return;
        if (Interlocked.Add(ref _resting, buffer.Capacity) > MaxRestingBytesInAll) Interlocked.Add(ref _resting, -buffer.Capacity);
        else queue.Enqueue(buffer);
    }

    private bool TryTake(int exponent, [NotNullWhen(true)] out TensorBuffer? buffer)
    {
        if (!_pool[exponent].TryDequeue(out buffer)) return false;
        Interlocked.Add(ref _resting, -buffer.Capacity);
        return true;
    }

    private static int ExponentOf(long bytes) =>
        Math.Max(MinExponent, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(bytes, 1) - 1));
}
