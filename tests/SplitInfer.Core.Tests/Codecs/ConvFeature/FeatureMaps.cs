using System.Runtime.InteropServices;

namespace SplitInfer.Core.Tests.Codecs.ConvFeature;

/// <summary>Tensors that look like what convolutions put out, from a seed. Made of integers only, so that they are the same everywhere.</summary>
internal static class FeatureMaps
{
    /// <summary>Planes of random bumps on nothing, as behind a ReLU: smooth, and mostly zero.</summary>
    public static float[] Smooth(int planes, int height, int width, int seed = 1)
    {
        var random = new Random(seed);
        var values = new float[planes * height * width];
        for (var plane = 0; plane < planes; plane++)
        {
            for (var bump = height * width / 100; bump >= 0; bump--)
            {
                int y = random.Next(height), x = random.Next(width), reach = random.Next(2, 6), top = random.Next(20, 400);
                for (var dy = -reach; dy <= reach; dy++)
                {
                    for (var dx = -reach; dx <= reach; dx++)
                    {
                        if (y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue;
                        values[(plane * height + y + dy) * width + x + dx] += Math.Max(0, top * (reach * reach - dy * dy - dx * dx) / (reach * reach) + random.Next(-3, 4));
                    }
                }
            }
        }

        return values;
    }

    /// <summary>The same behind a pooling that takes the largest of three by three, two apart.</summary>
    public static float[] Pooled(int planes, int height, int width, int seed = 1)
    {
        var (tall, wide) = (2 * height + 1, 2 * width + 1);
        var source = Smooth(planes, tall, wide, seed);
        var values = new float[planes * height * width];
        for (var i = 0; i < values.Length; i++)
        {
            var (plane, y, x) = (i / (height * width), i / width % height, i % width);
            for (var window = 0; window < 9; window++)
                values[i] = Math.Max(values[i], source[(plane * tall + 2 * y + window / 3) * wide + 2 * x + window % 3]);
        }

        return values;
    }

    public static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
