namespace SplitInfer.Tensors;

/// <summary>Brings elements that came in another order into the one that tensors have: row-major, little-endian.</summary>
internal static class ElementOrder
{
    /// <summary>Reverses the bytes of every number, in place. A complex number is two numbers.</summary>
    public static void SwapEndianness(TensorValue tensor)
    {
        var width = tensor.ElementType.BitWidth() / 8;
        if (tensor.ElementType is ElementType.Complex64 or ElementType.Complex128) width /= 2;
        for (var bytes = tensor.Bytes.Span; !bytes.IsEmpty; bytes = bytes[width..]) bytes[..width].Reverse();
    }

    /// <summary>Makes a row-major tensor of one whose first axis varies fastest, and disposes the latter.</summary>
    public static TensorValue FromFortran(TensorValue fortran)
    {
        var sizes = fortran.Shape.Dimensions;
        if (sizes.Length < 2) return fortran;
        var width = fortran.ElementType.BitWidth() / 8;
        var result = TensorValue.Allocate(fortran.ElementType, fortran.Shape);
        ReadOnlySpan<byte> source = fortran.Bytes.Span;
        var target = result.Bytes.Span;
        var index = new long[sizes.Length];
        for (var from = 0; from < source.Length; from += width)
        {
            long to = 0;
            for (var axis = 0; axis < sizes.Length; axis++) to = to * sizes[axis] + index[axis];
            source.Slice(from, width).CopyTo(target[(int)(to * width)..]);
            for (var axis = 0; axis < sizes.Length && ++index[axis] == sizes[axis]; axis++) index[axis] = 0;
        }

        fortran.Dispose();
        return result;
    }
}
