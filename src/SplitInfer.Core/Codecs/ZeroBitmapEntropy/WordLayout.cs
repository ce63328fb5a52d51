using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>The words of a tensor and where a word's neighbours are.</summary>
/// <param name="WordBytes">1, 2 or 4; elements of 64 bits and more are several words.</param>
/// <param name="Left">Words back to the element before.</param>
/// <param name="Up">Words back to the element above, in the row before.</param>
internal readonly record struct WordLayout(int WordBytes, int Left, int Up)
{
    public static WordLayout Of(ElementType type, TensorShape shape)
    {
        var bits = type.BitWidth();
        var wordBytes = Math.Clamp(bits / 8, 1, sizeof(uint));
        var left = Math.Max(1, bits / 32);
        var row = shape.Rank == 0 ? 1 : Math.Max(1, shape.Dimensions[^1]);
        return new(wordBytes, left, (int)Math.Min(int.MaxValue, row * left));
    }
}
