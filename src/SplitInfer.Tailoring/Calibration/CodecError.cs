using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>How far decoded tensors are from what was encoded.</summary>
/// <param name="Largest">The largest difference of an element.</param>
/// <param name="Psnr">Peak signal to noise ratio in dB, where the peak is the range of all elements; null if nothing differs.</param>
internal readonly record struct CodecError(double Largest, double? Psnr)
{
    /// <summary>Compares floating-point elements. Those of other types are never approximated.</summary>
    public static CodecError Between(IReadOnlyList<TensorValue> originals, IReadOnlyList<TensorValue> decoded)
    {
        double largest = 0, squares = 0, low = double.PositiveInfinity, high = double.NegativeInfinity;
        long count = 0;
        foreach (var (original, copy) in originals.Zip(decoded).Where(static pair => FloatingPoint.Is(pair.First.ElementType)))
        {
            var (values, others) = (Read(original), Read(copy));
            for (var i = 0; i < values.Length; i++)
            {
                // Equal if both are the same infinity, or both are NaN.
                var difference = values[i].Equals(others[i]) ? 0 : Math.Abs((double)values[i] - others[i]);
                largest = Math.Max(largest, difference);
                squares += difference * difference;
                low = Math.Min(low, values[i]);
                high = Math.Max(high, values[i]);
            }

            count += values.Length;
        }

        return new(largest, squares == 0 ? null : 10 * Math.Log10((high - low) * (high - low) * count / squares));
    }

    private static float[] Read(TensorValue tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        FloatingPoint.Read(tensor.ElementType, tensor.Bytes.Span, values);
        return values;
    }
}
