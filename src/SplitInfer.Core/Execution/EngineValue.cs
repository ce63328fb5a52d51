using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>What an engine says of a value of a model.</summary>
/// <param name="Name">The name of the value.</param>
/// <param name="Kind">What sort of value it is; what follows is about tensors.</param>
/// <param name="ElementType">The type of the elements; undefined where <see cref="Tensors.ElementType"/> has no word for it.</param>
/// <param name="HasShape">Whether the rank is known.</param>
/// <param name="Dimensions">The dimensions, −1 where the model does not fix one; empty for a scalar and where the rank is not known.</param>
/// <param name="Symbols">The name of each dimension that the model does not fix; null where it is fixed or has no name.</param>
public sealed record EngineValue(
    string Name, EngineValueKind Kind, ElementType ElementType, bool HasShape, ImmutableArray<long> Dimensions, ImmutableArray<string?> Symbols)
{
    /// <summary>A value that is not a tensor.</summary>
    public static EngineValue Other(string name, EngineValueKind kind) => new(name, kind, ElementType.Undefined, HasShape: false, [], []);
}
