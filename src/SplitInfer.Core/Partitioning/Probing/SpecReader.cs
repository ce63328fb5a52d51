using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Turns what ONNX Runtime says of values into specs that are the same for every version of it: a symbol is kept where an input of the
/// model declares it; any other open dimension gets the name <c>value#axis</c>.
/// </summary>
internal sealed class SpecReader(IEnumerable<EngineValue> inputs)
{
    private readonly HashSet<string> _declared = inputs.SelectMany(static i => i.Symbols).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <summary>The spec of a value; of unknown rank and type where it is not a tensor.</summary>
    public TensorSpec Read(EngineValue info) => info.Kind == EngineValueKind.Tensor && info.HasShape
        ? Create(info, info.Dimensions.Select((size, axis) => size >= 0 ? Dimension.Fixed(size) : Symbol(info, axis)))
        : TensorSpec.Unranked(info.Name, info.Kind == EngineValueKind.Tensor ? info.ElementType : ElementType.Undefined);

    /// <summary>The spec of a value that was measured: the rank is that of the run, and a dimension that the run contradicts is left open.</summary>
    public TensorSpec Read(EngineValue info, ImmutableArray<long> measured, NominalSizes sizes)
    {
        var spec = Read(info);
        if (measured.IsDefault) return spec;
        var isSameRank = spec.IsRanked && spec.Dimensions.Length == measured.Length;
        return Create(info, measured.Select((size, axis) =>
            isSameRank && sizes.IsPossible(spec.Dimensions[axis], size) ? spec.Dimensions[axis] : OwnSymbol(info.Name, axis)));
    }

    private static TensorSpec Create(EngineValue info, IEnumerable<Dimension> dimensions)
    {
        try
        {
            return new(info.Name, info.ElementType, [.. dimensions]);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new ModelNotSupportedException($"The model says that '{info.Name}' has dimensions {string.Join('×', info.Dimensions)}, which no tensor can have. Export the model again.", error);
        }
    }

    private Dimension Symbol(EngineValue info, int axis) =>
        info.Symbols[axis] is { } symbol && _declared.Contains(symbol) ? Dimension.Symbolic(symbol) : OwnSymbol(info.Name, axis);

    private Dimension OwnSymbol(string value, int axis)
    {
        var symbol = $"{value}#{axis}";
        // An input may declare anything, this name too.
        while (_declared.Contains(symbol)) symbol += '#';
        return Dimension.Symbolic(symbol);
    }
}
