using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>Bytes of tensors as they cross cuts, from a seed. Integers only where golden vectors are taken from them.</summary>
internal static class TestTensors
{
    /// <summary>What binary32 tensors can look like.</summary>
    public static string[] Shapes { get; } = ["relu", "pooled", "signed", "zeros", "constant", "special", "bits"];

    /// <summary>The types that can cross a cut.</summary>
    public static IEnumerable<ElementType> Types { get; } = [.. Enum.GetValues<ElementType>().Where(static t => t.HasFixedSize())];

    public static byte[] Floats(string shape, int count, int seed = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = shape switch
            {
                "relu" => Math.Max(0, Bell(random)),
                "pooled" => random.Next(3) == 0 && i > 0 ? values[i - 1] : random.Next(4) == 0 && i > 12 ? values[i - 13] : Math.Max(0, Bell(random)),
                "signed" => Bell(random),
                "zeros" => random.Next(400) == 0 ? 1.5f : 0,
                "constant" => 3.25f,
                "special" => Special(random),
                _ => BitConverter.Int32BitsToSingle((int)random.NextInt64(1L << 32)),
            };
        }

        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    public static byte[] Bytes(ElementType type, int count, int seed = 1)
    {
        if (type == ElementType.Float32) return Floats(Shapes[seed % Shapes.Length], count, seed);
        var random = new Random(seed);
        var bytes = new byte[type.ByteSize(count)];
        random.NextBytes(bytes);
        // Half of it zero, so that codecs find something to do.
        var element = Math.Max(1, type.BitWidth() / 8);
        for (var i = 0; i + element <= bytes.Length; i += element)
        {
            if (random.Next(2) == 0) bytes.AsSpan(i, element).Clear();
            else if (type == ElementType.Bool) bytes[i] = 1;
        }

        return bytes;
    }

    private static float Bell(Random random) => (random.Next(2048) + random.Next(2048) + random.Next(2048) - 3000) / 512f;

    private static float Special(Random random) => random.Next(9) switch
    {
        0 => float.NaN,
        1 => BitConverter.Int32BitsToSingle(0x7F80_1234),
        2 => BitConverter.Int32BitsToSingle(unchecked((int)0xFFC0_0001)),
        3 => -0f,
        4 => float.Epsilon,
        5 => -1e-42f,
        6 => float.PositiveInfinity,
        7 => float.NegativeInfinity,
        _ => 0,
    };
}
