using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Converts ONNX Runtime's descriptions of values to specs that are the same for every version of it: a symbol is kept where an input of the
/// model declares it; any other open dimension gets the name <c>value#axis</c>.
/// </summary>
/// <param name="inputs">The inputs of the model.</param>
/// <param name="isDoubtful">Whether a value is behind operators whose rules for dimensions may err, so that no two of its open dimensions count as the same.</param>
internal sealed class SpecReader(IEnumerable<EngineValue> inputs, Func<string, bool> isDoubtful)
{
    private readonly HashSet<string> _declared = inputs.SelectMany(static i => i.Symbols).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <summary>The spec of a value; of unknown rank and type if it is not a tensor.</summary>
    public TensorSpec Read(EngineValue info) => info.Kind == EngineValueKind.Tensor && info.HasShape
        ? Create(info, info.Dimensions.Select((size, axis) => size >= 0 ? Dimension.Fixed(size) : Symbol(info, axis)))
        : TensorSpec.Unranked(info.Name, info.Kind == EngineValueKind.Tensor ? info.ElementType : ElementType.Undefined);

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
        info.Symbols[axis] is { } symbol && _declared.Contains(symbol) && !isDoubtful(info.Name) ? Dimension.Symbolic(symbol) : OwnSymbol(info.Name, axis);

    private Dimension OwnSymbol(string value, int axis)
    {
        var symbol = $"{value}#{axis}";
        // An input may declare anything, this name too.
        while (_declared.Contains(symbol)) symbol += '#';
        return Dimension.Symbolic(symbol);
    }
}
