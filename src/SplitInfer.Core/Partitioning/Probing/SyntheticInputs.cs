using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Creates synthetic inputs of a model or of one of its segments, for the sizes that the plan was made with. The same seed gives the same values.</summary>
/// <param name="inputs">The inputs of the model.</param>
/// <param name="defaults">The values that the file has for some of them.</param>
/// <param name="catalog">What is known of all values.</param>
internal sealed class SyntheticInputs(ImmutableArray<TensorSpec> inputs, IReadOnlyDictionary<string, TensorValue> defaults, ValueCatalog catalog)
{
    /// <summary>An input of the model, by its place. The caller owns it.</summary>
    /// <exception cref="TensorMismatchException">The model does not state how many dimensions the input has.</exception>
    public TensorValue Make(int index, int seed) => defaults.TryGetValue(inputs[index].Name, out var value)
        ? value.Share()
        : SyntheticInput.Make(inputs[index], catalog.Sizes, RandomOf(index, seed));

    /// <summary>All inputs of a segment, which the caller owns; none where a size is unknown.</summary>
    public TensorValue[] MakeFor(SegmentModel segment, int seed)
    {
        var values = segment.Inputs.Select(i => catalog[i.Name]).ToArray();
        if (values.Any(static v => v.NominalShape.IsDefault)) return [];
        return [.. values.Select((v, index) => SyntheticInput.Make(v.Spec.Type, new TensorShape(v.NominalShape.AsSpan()), RandomOf(index, seed), catalog.Sizes.IntegerFill))];
    }

    private static Random RandomOf(int index, int seed) => new(unchecked((seed * 31) + index));
}
