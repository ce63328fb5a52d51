using System.Collections.Immutable;

namespace SplitInfer.Tensors;

/// <summary>The description of a value in a model: its name, element type and dimensions, some of which may be symbolic.</summary>
public sealed class TensorSpec
{
    private readonly TensorShape _shape;

    /// <summary>Describes a value.</summary>
    public TensorSpec(string name, ElementType type, params ReadOnlySpan<Dimension> dimensions) : this(name, type, dimensions, isRanked: true) { }

    private TensorSpec(string name, ElementType type, ReadOnlySpan<Dimension> dimensions, bool isRanked)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        (Name, Type, Dimensions, IsRanked) = (name, type, dimensions.ToImmutableArray(), isRanked);
        IsStatic = isRanked && Dimensions.All(static d => d.IsFixed);
        if (IsStatic) _shape = new([.. Dimensions.Select(static d => d.Size)]);
    }

    /// <summary>The name of the value in the model.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public ElementType Type { get; }

    /// <summary>Its axes, outermost first; empty for a scalar and where the rank is unknown.</summary>
    public ImmutableArray<Dimension> Dimensions { get; }

    /// <summary>Whether the number of axes is known. A value whose rank is unknown never crosses a cut.</summary>
    public bool IsRanked { get; }

    /// <summary>Whether every dimension is fixed by the model.</summary>
    public bool IsStatic { get; }

    /// <summary>The shape of a value whose dimensions are all fixed.</summary>
    /// <exception cref="InvalidOperationException">A dimension is symbolic.</exception>
    public TensorShape Shape => IsStatic
        ? _shape
        : throw new InvalidOperationException($"'{Name}' has symbolic dimensions {this}; resolve them first.");

    /// <summary>Describes a value whose number of axes is unknown.</summary>
    public static TensorSpec Unranked(string name, ElementType type) => new(name, type, [], isRanked: false);

    /// <summary>Whether a tensor of this type and shape can be this value. Symbols match any size.</summary>
    public bool Accepts(ElementType type, TensorShape shape)
    {
        if (type != Type) return false;
        if (!IsRanked) return true;
        if (shape.Rank != Dimensions.Length) return false;
        for (var axis = 0; axis < Dimensions.Length; axis++)
            if (Dimensions[axis].IsFixed && Dimensions[axis].Size != shape.Dimensions[axis]) return false;
        return true;
    }

    /// <summary>Name, type and dimensions, as people read them: <c>input float32 1×3×N×N</c>.</summary>
    public override string ToString() =>
        $"{Name} {Type.DisplayName()} {(!IsRanked ? "of unknown rank" : Dimensions.IsEmpty ? "scalar" : string.Join('×', Dimensions))}";
}
