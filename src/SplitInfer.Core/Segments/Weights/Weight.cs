using SplitInfer.Tensors;

namespace SplitInfer.Segments.Weights;

/// <summary>One constant tensor that sessions read in place, shared by every segment that has the same bytes.</summary>
internal sealed class Weight(TensorValue value)
{
    /// <summary>The tensor, the store's own.</summary>
    public TensorValue Value => value;

    /// <summary>How many segments use the weight; counted by <see cref="WeightStore"/>.</summary>
    internal int References { get; set; }
}
