using SplitInfer.Tensors;

namespace SplitInfer.Segments.Weights;

/// <summary>One constant tensor that sessions read in place, shared by every segment that has the same bytes.</summary>
internal sealed class Weight(Tensor value)
{
    /// <summary>The tensor, the store's own.</summary>
    public Tensor Value => value;

    /// <summary>How many segments use the weight; counted by <see cref="WeightStore"/>.</summary>
    internal int References { get; set; }
}
