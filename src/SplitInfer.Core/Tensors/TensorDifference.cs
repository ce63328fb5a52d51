namespace SplitInfer.Tensors;

/// <summary>How far a tensor is from the one that was expected. Equal infinities and any two NaNs differ by nothing; a NaN or an infinity on one side only differs infinitely.</summary>
/// <param name="MaxAbs">The largest |actual − expected|.</param>
/// <param name="MaxRel">The largest |actual − expected| over the larger magnitude of the two; from 0 to 2, or infinite.</param>
/// <param name="MaxMixed">The largest |actual − expected| / (1 + |expected|), for a tolerance that is both absolute and relative.</param>
/// <param name="IsBitExact">Whether every bit is the same.</param>
public readonly record struct TensorDifference(double MaxAbs, double MaxRel, double MaxMixed, bool IsBitExact)
{
    private const int ChunkElements = 512;

    /// <summary>No difference.</summary>
    public static TensorDifference None { get; } = new(0, 0, 0, true);

    /// <summary>As far apart as can be.</summary>
    public static TensorDifference Infinite { get; } = new(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, false);

    /// <summary>Compares element by element; complex numbers as two, 64-bit integers as doubles.</summary>
    /// <exception cref="TensorMismatchException">Types or shapes differ.</exception>
    public static TensorDifference Between(TensorValue expected, TensorValue actual)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(actual);
        if (expected.ElementType != actual.ElementType || expected.Shape != actual.Shape)
            throw new TensorMismatchException($"A {expected} tensor was expected and a {actual} tensor came; they cannot be compared.");
        if (expected.ElementType == ElementType.Text) return expected.Text.SequenceEqual(actual.Text) ? None : Infinite;
        return expected.Bytes.Span.SequenceEqual(actual.Bytes.Span) ? None : BetweenNumbers(expected, actual);
    }

    /// <summary>The larger of both in every respect.</summary>
    public TensorDifference Or(TensorDifference other) =>
        new(Math.Max(MaxAbs, other.MaxAbs), Math.Max(MaxRel, other.MaxRel), Math.Max(MaxMixed, other.MaxMixed), IsBitExact && other.IsBitExact);

    /// <summary>Whether |actual − expected| ≤ tolerance · (1 + |expected|) for every element.</summary>
    public bool IsWithin(double tolerance) => MaxMixed <= tolerance;

    private static TensorDifference BetweenNumbers(TensorValue expected, TensorValue actual)
    {
        Span<double> left = stackalloc double[ChunkElements];
        Span<double> right = stackalloc double[ChunkElements];
        var result = None with { IsBitExact = false };
        var numbersPerElement = expected.ElementType is ElementType.Complex64 or ElementType.Complex128 ? 2 : 1;
        var chunkBytes = (int)expected.ElementType.ByteSize(ChunkElements / numbersPerElement);
        for (var at = 0; at < expected.ByteLength; at += chunkBytes)
        {
            var length = Math.Min(chunkBytes, expected.ByteLength - at);
            var count = ElementWidening.ToDouble(expected.ElementType, expected.Bytes.Span.Slice(at, length), left);
            ElementWidening.ToDouble(actual.ElementType, actual.Bytes.Span.Slice(at, length), right);
            for (var i = 0; i < count; i++) result = result.Or(Between(left[i], right[i]));
        }

        return result;
    }

    private static TensorDifference Between(double expected, double actual)
    {
        if (expected == actual || (double.IsNaN(expected) && double.IsNaN(actual))) return None;
        if (!double.IsFinite(expected) || !double.IsFinite(actual)) return Infinite;
        var difference = Math.Abs(actual - expected);
        return new(difference, difference / Math.Max(Math.Abs(expected), Math.Abs(actual)), difference / (1 + Math.Abs(expected)), false);
    }
}
