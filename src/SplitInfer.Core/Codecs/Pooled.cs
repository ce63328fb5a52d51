using System.Buffers;

namespace SplitInfer.Codecs;

/// <summary>Memory of the shared pool for the length of a call; its content is undefined.</summary>
internal readonly ref struct Pooled<T> : IDisposable where T : unmanaged
{
    private readonly T[] _array;

    /// <summary>Takes room for <paramref name="length"/> elements.</summary>
    public Pooled(int length)
    {
        _array = ArrayPool<T>.Shared.Rent(length);
        Span = _array.AsSpan(0, length);
    }

    /// <summary>The elements.</summary>
    public Span<T> Span { get; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => ArrayPool<T>.Shared.Return(_array);
}
