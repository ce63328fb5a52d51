using System.Collections.Immutable;

namespace SplitInfer.Tensors;

/// <summary>What the model says of a value: its name, element type and dimensions, some of which may be symbolic.</summary>
public sealed class TensorSpec
{
    private readonly TensorShape _shape;

    /// <summary>Describes a value.</summary>
    public TensorSpec(string name, ElementType type, params ReadOnlySpan<Dimension> dimensions)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        (Name, Type, Dimensions) = (name, type, dimensions.ToImmutableArray());
        IsStatic = Dimensions.All(static d => d.IsFixed);
        if (IsStatic) _shape = new([.. Dimensions.Select(static d => d.Size)]);
    }

    /// <summary>The name of the value in the model.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public ElementType Type { get; }

    /// <summary>Its axes, outermost first.</summary>
    public ImmutableArray<Dimension> Dimensions { get; }

    /// <summary>Whether every dimension is fixed by the model.</summary>
    public bool IsStatic { get; }

    /// <summary>The shape of a value whose dimensions are all fixed.</summary>
    /// <exception cref="InvalidOperationException">A dimension is symbolic.</exception>
    public TensorShape Shape => IsStatic
        ? _shape
        : throw new InvalidOperationException($"'{Name}' has symbolic dimensions {this}; resolve them first.");

    /// <summary>Whether a tensor of this type and shape can be this value. Symbols match any size.</summary>
    public bool Accepts(ElementType type, TensorShape shape)
    {
        if (type != Type || shape.Rank != Dimensions.Length) return false;
        for (var axis = 0; axis < Dimensions.Length; axis++)
            if (Dimensions[axis].IsFixed && Dimensions[axis].Size != shape.Dimensions[axis]) return false;
        return true;
    }

    /// <summary>Name, type and dimensions, as people read them: <c>input float32 1×3×N×N</c>.</summary>
    public override string ToString() =>
        $"{Name} {Type.DisplayName()} {(Dimensions.IsEmpty ? "scalar" : string.Join('×', Dimensions))}";
}
