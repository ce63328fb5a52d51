using System.IO.Compression;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Exits;

/// <summary>Digits of MNIST as mnist.onnx takes them.</summary>
internal sealed class SharedDigits : ISampleSource
{
    private const int Side = 28, ImageHeader = 16, LabelHeader = 8;

    private readonly byte[] _pixels;

    public SharedDigits(int first, int count)
    {
        Count = count;
        _pixels = Read("mnist-t10k-images-idx3-ubyte.gz", ImageHeader + (first * Side * Side), count * Side * Side);
        Labels = [.. Read("mnist-t10k-labels-idx1-ubyte.gz", LabelHeader + first, count).Select(static label => (int)label)];
    }

    public int Count { get; }

    public int[] Labels { get; }

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) =>
        [TensorValue.From<float>([.. _pixels.AsSpan(sample * Side * Side, Side * Side).ToArray().Select(static pixel => (float)pixel)], 1, 1, Side, Side)];

    private static byte[] Read(string name, int skipped, int count)
    {
        using var file = new GZipStream(File.OpenRead(SharedData.Data(name)), CompressionMode.Decompress);
        file.ReadExactly(new byte[skipped]);
        var bytes = new byte[count];
        file.ReadExactly(bytes);
        return bytes;
    }
}
