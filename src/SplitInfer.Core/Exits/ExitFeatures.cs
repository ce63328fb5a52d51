using SplitInfer.Tensors;

namespace SplitInfer.Exits;

/// <summary>How one value of a boundary becomes features. Immutable.</summary>
public sealed record ExitFeatures
{
    /// <summary>Place of the value in the boundary.</summary>
    public required int Place { get; init; }

    /// <summary>Name of the value.</summary>
    public required string Name { get; init; }

    /// <summary>Its type; one that <see cref="CanRead"/> allows.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Its dimensions.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>How it is pooled.</summary>
    public required ExitPooling Pooling { get; init; }

    /// <summary>Rows of the grid; 1 without one.</summary>
    public int Rows { get; init; } = 1;

    /// <summary>Columns of the grid; 1 without one.</summary>
    public int Columns { get; init; } = 1;

    /// <summary>How many features these are.</summary>
    public int Count => Pooling switch
    {
        ExitPooling.Grid => checked((int)Shape.Dimensions[1] * Rows * Columns),
        ExitPooling.Mean => checked((int)Shape.Dimensions[^1]),
        _ => checked((int)Shape.ElementCount),
    };

    /// <summary>Whether features can be made of elements of a type: floating-point ones, and the bytes of quantised models.</summary>
    public static bool CanRead(ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64 or ElementType.UInt8 or ElementType.Int8;

    /// <summary>Whether a shape can be pooled in this way.</summary>
    internal bool IsPossible => Pooling switch
    {
        ExitPooling.Grid => Shape.Rank == 4 && Shape.Dimensions[0] == 1 && Rows >= 1 && Columns >= 1 && Rows <= Shape.Dimensions[2] && Columns <= Shape.Dimensions[3],
        ExitPooling.Mean => Shape.Rank >= 3 && Shape.Dimensions[0] == 1 && (Rows, Columns) == (1, 1),
        ExitPooling.Flat => (Rows, Columns) == (1, 1),
        _ => false,
    };
}

/// <summary>How a value becomes features.</summary>
public enum ExitPooling
{
    /// <summary>Every element is a feature.</summary>
    Flat,

    /// <summary>A map of 1×channels×height×width: the mean of every cell of a grid, for each channel. A grid of one cell is global average pooling.</summary>
    Grid,

    /// <summary>A sequence of 1×positions×channels: the mean over all positions, for each channel.</summary>
    Mean,
}
