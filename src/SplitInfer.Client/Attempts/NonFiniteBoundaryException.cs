using SplitInfer.Partitioning;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Finite inputs led to infinite numbers, or to what is not a number, at the cut that was chosen. Inside the whole model an engine may keep
/// more of such values than crosses a cut, so the device ran the whole model instead. Its result is right; the inputs may be worth a look.
/// </summary>
public sealed class NonFiniteBoundaryException : SplitInferException
{
    internal NonFiniteBoundaryException(Partition partition, string value)
        : base($"At partition {partition.Index} the value '{value}' holds infinite numbers or what is not a number, though the inputs do not. The device has run the whole model instead. Choose another partition where this happens often.") =>
        (Partition, Value) = (partition.Index, value);

    /// <summary>The partition that was chosen.</summary>
    public int Partition { get; }

    /// <summary>The first such value of the boundary.</summary>
    public string Value { get; }
}
