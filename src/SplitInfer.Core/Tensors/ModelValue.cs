namespace SplitInfer.Tensors;

/// <summary>
/// A model output that is a tensor, a sequence or a map, such as the map from the classes of a classifier to their probabilities. Immutable.
/// The owner disposes it, which also disposes the tensors in it.
/// </summary>
public sealed class ModelValue : IDisposable
{
    private ModelValue(TensorValue? tensor, IReadOnlyList<ModelValue> items, TensorValue? keys, TensorValue? values) => (Tensor, Items, Keys, Values) = (tensor, items, keys, values);

    /// <summary>The tensor, if the value is one; else null.</summary>
    public TensorValue? Tensor { get; }

    /// <summary>The elements of a sequence, in order; empty if the value is none.</summary>
    public IReadOnlyList<ModelValue> Items { get; }

    /// <summary>The keys of a map, int64 or text, one axis; null if the value is none.</summary>
    public TensorValue? Keys { get; }

    /// <summary>The values of a map, one for each of <see cref="Keys"/> in their order; null if the value is none.</summary>
    public TensorValue? Values { get; }

    /// <summary>A tensor, which the value owns from then on.</summary>
    public static ModelValue Of(TensorValue tensor) => new(tensor, [], null, null);

    /// <summary>A sequence, which owns its elements from then on.</summary>
    public static ModelValue Sequence(IReadOnlyList<ModelValue> items) => new(null, items, null, null);

    /// <summary>A map, which owns both tensors from then on.</summary>
    public static ModelValue Map(TensorValue keys, TensorValue values) => new(null, [], keys, values);

    /// <inheritdoc/>
    public void Dispose()
    {
        Tensor?.Dispose();
        Keys?.Dispose();
        Values?.Dispose();
        foreach (var item in Items) item.Dispose();
    }

    /// <summary>The kind of the value, and how much it holds.</summary>
    public override string ToString() => Tensor?.ToString() ?? (Keys is null ? $"sequence of {Items.Count}" : $"map of {Keys.Shape.ElementCount}");
}
