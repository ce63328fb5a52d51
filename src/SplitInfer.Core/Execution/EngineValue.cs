using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>What an engine reports about a value of a model.</summary>
/// <param name="Name">The name of the value.</param>
/// <param name="Kind">The kind of the value; the other properties apply to tensors only.</param>
/// <param name="ElementType">The type of the elements; undefined if <see cref="Tensors.ElementType"/> does not have it.</param>
/// <param name="HasShape">Whether the rank is known.</param>
/// <param name="Dimensions">The dimensions, −1 for those that the model does not fix; empty for a scalar and if the rank is unknown.</param>
/// <param name="Symbols">The name of each dimension that the model does not fix; null if it is fixed or has no name.</param>
public sealed record EngineValue(
    string Name, EngineValueKind Kind, ElementType ElementType, bool HasShape, ImmutableArray<long> Dimensions, ImmutableArray<string?> Symbols)
{
    /// <summary>A value that is not a tensor.</summary>
    public static EngineValue Other(string name, EngineValueKind kind) => new(name, kind, ElementType.Undefined, HasShape: false, [], []);
}
