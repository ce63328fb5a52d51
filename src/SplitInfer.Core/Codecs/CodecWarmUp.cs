using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>Lets the runtime compile the code of codecs, which would otherwise delay the first request.</summary>
internal static class CodecWarmUp
{
    // Enough planes for every lane.
    private static readonly TensorShape Shape = new(1, 32, 16, 16);

    /// <summary>Runs every codec there and back once.</summary>
    /// <param name="codecs">What to run.</param>
    /// <param name="shouldStop">Whether to run no more, asked before each.</param>
    public static void Run(IEnumerable<ITensorCodec> codecs, Func<bool> shouldStop)
    {
        var tensor = MemoryMarshal.AsBytes(Values().AsSpan());
        var decoded = new byte[tensor.Length];
        foreach (var codec in codecs)
        {
            if (shouldStop()) return;
            var payload = new byte[codec.MaxEncodedLength(ElementType.Float32, Shape)];
            var length = codec.Encode(ElementType.Float32, Shape, tensor, payload);
            codec.Decode(ElementType.Float32, Shape, payload.AsSpan(0, length), decoded);
        }
    }

    // As behind a ReLU: a third zero, the rest of all sizes, some of them repeated.
    private static float[] Values() =>
        [.. Enumerable.Range(0, (int)Shape.ElementCount).Select(static i => i % 3 == 0 ? 0 : ((uint)(i / 2) * 2654435761u >> 22) / 64f)];
}
