using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Shapes;

/// <summary>Random inputs of a session, to try a changed graph on.</summary>
internal static class RandomInputs
{
    // For an axis that the model leaves open, apart from the batch.
    private const long OpenSize = 4;

    // Whole numbers are indexes more often than not.
    private const int Integers = 3;

    /// <summary>Draws them.</summary>
    /// <param name="session">The session.</param>
    /// <param name="seed">The same seed gives the same tensors.</param>
    /// <param name="batch">The first size of an input that leaves it open.</param>
    /// <returns>The tensors; null where an input is of a type of which none can be drawn, and all the same element would prove nothing.</returns>
    public static TensorValue[]? Draw(IEngineSession session, int seed, long batch = 1)
    {
        var random = new Random(seed);
        if (session.Inputs.Any(static input => !CanDraw(input.ElementType))) return null;
        return [.. session.Inputs.Select(input => Draw(random, input.ElementType, [.. input.Dimensions.Select((size, axis) => size >= 0 ? size : axis == 0 ? batch : OpenSize)]))];
    }

    private static bool CanDraw(ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64 or ElementType.Int64 or ElementType.Int32 or ElementType.Int8 or ElementType.UInt8 or ElementType.Bool;

    private static TensorValue Draw(Random random, ElementType type, long[] dimensions)
    {
        var tensor = TensorValue.Allocate(type, new(dimensions));
        switch (type)
        {
            case ElementType.Float32:
                foreach (ref var element in tensor.Span<float>()) element = (float)((2 * random.NextDouble()) - 1);
                break;
            case ElementType.Int64:
                foreach (ref var element in tensor.Span<long>()) element = random.Next(Integers);
                break;
            case ElementType.Int32:
                foreach (ref var element in tensor.Span<int>()) element = random.Next(Integers);
                break;
            case ElementType.Float16:
                foreach (ref var element in tensor.Span<Half>()) element = (Half)((2 * random.NextDouble()) - 1);
                break;
            case ElementType.Float64:
                foreach (ref var element in tensor.Span<double>()) element = (2 * random.NextDouble()) - 1;
                break;
            case ElementType.Bool:
                foreach (ref var element in tensor.Bytes.Span) element = (byte)random.Next(2);
                break;
            default:
                // Pictures, as bytes of either sign.
                random.NextBytes(tensor.Bytes.Span);
                break;
        }

        return tensor;
    }
}
