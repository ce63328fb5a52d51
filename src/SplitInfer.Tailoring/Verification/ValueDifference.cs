using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>Compares values that may be more than tensors.</summary>
internal static class ValueDifference
{
    /// <summary>How far a value is from another; infinitely where they are not alike.</summary>
    public static TensorDifference Between(ModelValue expected, ModelValue actual)
    {
        if (expected.Items.Count != actual.Items.Count) return TensorDifference.Infinite;
        var difference = Between(expected.Tensor, actual.Tensor).Or(Between(expected.Keys, actual.Keys)).Or(Between(expected.Values, actual.Values));
        return expected.Items.Zip(actual.Items).Aggregate(difference, static (all, pair) => all.Or(Between(pair.First, pair.Second)));
    }

    /// <summary>How far a tensor is from another; infinitely where they are not alike.</summary>
    public static TensorDifference Between(TensorValue? expected, TensorValue? actual) => (expected, actual) switch
    {
        (null, null) => TensorDifference.None,
        (null, _) or (_, null) => TensorDifference.Infinite,
        var (x, y) => x.ElementType == y.ElementType && x.Shape == y.Shape ? TensorDifference.Between(x, y) : TensorDifference.Infinite,
    };
}
