using System.Globalization;

namespace SplitInfer.Tensors;

/// <summary>What a debugger shows of a tensor: type, shape and the first elements, or that it was disposed.</summary>
internal static class TensorText
{
    private const int Shown = 8;

    public static string Of(TensorValue tensor)
    {
        if (tensor.IsDisposed) return $"{tensor}, disposed";
        var elements = tensor.ElementType == ElementType.Text
            ? tensor.Text.Take(Shown).Select(static text => $"\"{text}\"")
            : Numbers(tensor).Select(static number => number.ToString("G7", CultureInfo.InvariantCulture));
        return $"{tensor} [{string.Join(", ", elements)}{(tensor.Shape.ElementCount > Shown ? ", …" : "")}]";
    }

    private static double[] Numbers(TensorValue tensor)
    {
        var count = (int)Math.Min(tensor.Shape.ElementCount, Shown);
        // Two doubles for a complex number, and for a byte that holds one or two of 4 bits.
        Span<double> numbers = stackalloc double[2 * Shown];
        var written = ElementWidening.ToDouble(tensor.ElementType, tensor.Bytes.Span[..(int)tensor.ElementType.ByteSize(count)], numbers);
        var isComplex = tensor.ElementType is ElementType.Complex64 or ElementType.Complex128;
        return [.. numbers[..(isComplex ? written : Math.Min(written, count))]];
    }
}
