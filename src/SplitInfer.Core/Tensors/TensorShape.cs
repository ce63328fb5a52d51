using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>The dimensions of a tensor, all known and none negative. Immutable; a scalar has none.</summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    private readonly long[]? _dimensions;

    /// <summary>Copies <paramref name="dimensions"/>, outermost first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative, or the element count does not fit 63 bits.</exception>
    public TensorShape(params ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (var dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(dimensions));
            if (Math.BigMul(count, dimension, out var low) != 0 || low < 0)
                throw new ArgumentOutOfRangeException(nameof(dimensions), "The number of elements does not fit 63 bits.");
            count = low;
        }

        _dimensions = dimensions.IsEmpty ? null : dimensions.ToArray();
        ElementCountOrZeroForScalar = dimensions.IsEmpty ? 0 : count;
    }

    // The default value of the struct must be the scalar, whose count is 1.
    private long ElementCountOrZeroForScalar { get; }

    /// <summary>The dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>The number of dimensions.</summary>
    public int Rank => _dimensions?.Length ?? 0;

    /// <summary>The product of the dimensions; 1 for a scalar.</summary>
    public long ElementCount => _dimensions is null ? 1 : ElementCountOrZeroForScalar;

    /// <summary>The dimensions for an API that takes an array and does not write to it.</summary>
    internal long[] ToArray() => _dimensions ?? [];

    /// <inheritdoc/>
    public bool Equals(TensorShape other) => Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(Dimensions));
        return hash.ToHashCode();
    }

    /// <summary>Whether the dimensions are the same.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>Whether a dimension differs.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    /// <summary>The dimensions joined by ×, or <c>scalar</c>.</summary>
    public override string ToString() => _dimensions is null ? "scalar" : string.Join('×', _dimensions);
}
