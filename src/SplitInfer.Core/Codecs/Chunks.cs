using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>How a tensor is cut into chunks, so that one can travel while the next is encoded. FORMAT.md in Entropy defines the framing.</summary>
internal static class Chunks
{
    /// <summary>Bytes of binary32 that a chunk covers, and of any other element type.</summary>
    public const int Bytes = 256 << 10;

    /// <summary>Values that a chunk covers where a codec counts values.</summary>
    public const int Values = Bytes / sizeof(float);

    /// <summary>Bytes of the length before a chunk.</summary>
    public const int LengthBytes = sizeof(uint);

    /// <summary>Number of chunks of <paramref name="size"/> for <paramref name="total"/>; the last one may be smaller.</summary>
    public static int Count(int total, int size) => (int)(((long)total + size - 1) / size);

    /// <summary>Bytes of all elements.</summary>
    /// <exception cref="OverflowException">They do not fit 63 bits.</exception>
    public static long TensorBytes(ElementType type, TensorShape shape) => type.ByteSize(shape.ElementCount);
}
