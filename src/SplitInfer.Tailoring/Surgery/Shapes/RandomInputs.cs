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
    public static TensorValue[] Draw(IEngineSession session, int seed, long batch = 1)
    {
        var random = new Random(seed);
        return [.. session.Inputs.Select(input => Draw(random, input.ElementType, [.. input.Dimensions.Select((size, axis) => size >= 0 ? size : axis == 0 ? batch : OpenSize)]))];
    }

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
            default:
                tensor.Bytes.Span.Clear();
                break;
        }

        return tensor;
    }
}
