using System.Globalization;

namespace SplitInfer.Tensors;

/// <summary>One axis of a <see cref="TensorSpec"/>: a size that the model fixes, or a symbol whose size each request states.</summary>
public readonly record struct Dimension
{
    private Dimension(long size, string? symbol) => (Size, Symbol) = (size, symbol);

    /// <summary>The size, or −1 if each request states it.</summary>
    public long Size { get; }

    /// <summary>The name under which a request states the size; null if the model fixes it. Axes that share a symbol have the same size in one request.</summary>
    public string? Symbol { get; }

    /// <summary>Whether the model fixes the size.</summary>
    public bool IsFixed => Symbol is null;

    /// <summary>An axis of a size that the model fixes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is negative.</exception>
    public static Dimension Fixed(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return new(size, null);
    }

    /// <summary>An axis whose size each request states under <paramref name="symbol"/>.</summary>
    public static Dimension Symbolic(string symbol)
    {
        ArgumentException.ThrowIfNullOrEmpty(symbol);
        return new(-1, symbol);
    }

    /// <summary>The size or the symbol.</summary>
    public override string ToString() => Symbol ?? Size.ToString(CultureInfo.InvariantCulture);
}
