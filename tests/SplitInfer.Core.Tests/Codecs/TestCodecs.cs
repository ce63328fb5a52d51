using SplitInfer.Codecs;
using SplitInfer.Codecs.BFloat16;
using SplitInfer.Codecs.ConvFeature;
using SplitInfer.Codecs.Float16;
using SplitInfer.Codecs.Lz4;
using SplitInfer.Codecs.Quantized;
using SplitInfer.Codecs.Raw;
using SplitInfer.Codecs.ZeroBitmap;
using SplitInfer.Codecs.ZeroBitmapEntropy;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>Every codec, made for a vector path of the test's choice.</summary>
internal static class TestCodecs
{
    private static readonly Func<VectorPath, ITensorCodec>[] Makers =
    [
        static _ => new RawCodec(),
        static path => new ZeroBitmapCodec(path),
        static path => new ZeroBitmapEntropyCodec(path),
        static path => new Float16Codec(path),
        static path => new BFloat16Codec(path),
        static _ => new Lz4Codec(),
        .. from bits in Enumerable.Range(2, 7) from perChannel in new[] { false, true } select new Func<VectorPath, ITensorCodec>(path => new QuantizedCodec(bits, perChannel, path)),
        .. from percent in (int[])[3, 14, 56] select new Func<VectorPath, ITensorCodec>(path => new ConvFeatureCodec(percent, path)),
    ];

    private static readonly Dictionary<(string, VectorPath), ITensorCodec> ByName =
        (from make in Makers from path in Enum.GetValues<VectorPath>() let codec = make(path) select (Key: (codec.Name, path), codec)).ToDictionary(static c => c.Key, static c => c.codec);

    /// <summary>Name of every codec, one to a row.</summary>
    public static TheoryData<string> Names { get; } = [.. Makers.Select(static make => make(VectorPath.Scalar).Name)];

    public static ITensorCodec Get(string name, VectorPath path) => ByName[(name, path)];

    public static byte[] Encode(ITensorCodec codec, ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor)
    {
        var payload = new byte[codec.MaxEncodedLength(type, shape)];
        return payload[..codec.Encode(type, shape, tensor, payload)];
    }
}
