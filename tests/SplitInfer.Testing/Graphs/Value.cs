using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>A value of a graph that is being built.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its dimensions as far as the builder follows them, −1 where a size is symbolic; default where it does not.</param>
public sealed record Value(string Name, ElementType Type, ImmutableArray<long> Shape = default)
{
    /// <summary>Size of an axis; negative axes count from the end.</summary>
    /// <exception cref="InvalidOperationException">The builder does not know the size.</exception>
    public long Size(int axis)
    {
        var size = Shape.IsDefault ? -1 : Shape[axis < 0 ? axis + Shape.Length : axis];
        return size >= 0 ? size : throw new InvalidOperationException($"The size of axis {axis} of '{Name}' is not known to the builder; name it with Shaped.");
    }

    /// <summary>The same value with dimensions that the builder could not follow.</summary>
    public Value Shaped(params ReadOnlySpan<long> shape) => this with { Shape = [.. shape] };

    /// <summary>The same value with an element type that the builder could not follow.</summary>
    public Value Typed(ElementType type) => this with { Type = type };
}
