using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Makes up inputs for models that no one gave inputs for.</summary>
internal static class SyntheticInput
{
    private static readonly SizeLimits Limits = new() { MaxBytes = 1L << 30, MaxDimension = 1L << 30 };

    /// <summary>A tensor for an input.</summary>
    /// <param name="input">What the model says of it.</param>
    /// <param name="sizes">The sizes of its symbols.</param>
    /// <param name="random">Where numbers come from.</param>
    /// <returns>A tensor that the caller owns.</returns>
    /// <exception cref="SizeLimitException">The sizes make it over 1 GiB.</exception>
    /// <exception cref="TensorMismatchException">The model does not state how many dimensions the input has.</exception>
    public static TensorValue Make(TensorSpec input, NominalSizes sizes, Random random)
    {
        if (!input.IsRanked) throw new TensorMismatchException($"The model does not say how many dimensions '{input.Name}' has, so no input can be made up. Give a tensor for it.");
        var layout = BoundaryLayout.For([input]);
        var shape = layout.Resolve([.. layout.Symbols.Select(symbol => sizes.SizeOf(Dimension.Symbolic(symbol)))], Limits)[0];
        return Make(input.Type, shape, random, sizes.IntegerFill);
    }

    /// <summary>A tensor of numbers from 0 to 1; whole numbers are all <paramref name="integer"/>, truth values all true, text all <c>a</c>.</summary>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">The dimensions.</param>
    /// <param name="random">Where numbers come from.</param>
    /// <param name="integer">0 or 1.</param>
    /// <returns>A tensor that the caller owns.</returns>
    public static TensorValue Make(ElementType type, TensorShape shape, Random random, int integer)
    {
        if (type == ElementType.Text) return TensorValue.From([.. Enumerable.Repeat("a", (int)shape.ElementCount)], shape);
        var tensor = TensorValue.Allocate(type, shape);
        switch (type)
        {
            case ElementType.Float32 or ElementType.Complex64:
                foreach (ref var number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span)) number = random.NextSingle();
                break;
            case ElementType.Float64 or ElementType.Complex128:
                foreach (ref var number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(tensor.Bytes.Span)) number = random.NextDouble();
                break;
            case ElementType.Float16:
                foreach (ref var number in tensor.Span<Half>()) number = (Half)random.NextSingle();
                break;
            case ElementType.BFloat16:
                foreach (ref var number in tensor.Span<ushort>()) number = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16);
                break;
            case ElementType.Bool:
                tensor.Bytes.Span.Fill(1);
                break;
            default:
                FillIntegers(tensor, (byte)integer);
                break;
        }

        return tensor;
    }

    private static void FillIntegers(TensorValue tensor, byte integer)
    {
        // Little-endian: the first byte of each element is the least significant. Elements of 4 bits are left at 0.
        var bytes = tensor.Bytes.Span;
        var width = tensor.ElementType.BitWidth() / 8;
        bytes.Clear();
        for (var at = 0; width > 0 && at < bytes.Length; at += width) bytes[at] = integer;
    }
}
