using System.Runtime.InteropServices;
using SplitInfer.Codecs;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>Bytes of a picture and the tensors that mappings make of them, computed in the plainest way.</summary>
internal static class PictureTensor
{
    /// <summary>Mappings that differ in everything.</summary>
    public static string[] Mappings { get; } =
    [
        "rgb", "bgr,nhwc", "ImageNet", "ImageNet,nhwc", "ImageNetCaffe", "ZeroToOne", "MinusOneToOne,nhwc", "bgr,mean=103.939/116.779/123.68", "mean=127.5,deviation=128", "scale=-1,mean=-255",
        "scale=1e-20,mean=3e-19", "Bytes", "Bytes,nchw", "bgr,uint8",
    ];

    /// <summary>The shape of a picture.</summary>
    public static TensorShape ShapeOf(PixelMapping mapping, int channels, int height, int width) =>
        mapping.Layout == ImageLayout.Nchw ? new(1, channels, height, width) : new(1, height, width, channels);

    /// <summary>Bytes as a mapping turns them into a tensor; they are already in the order of its axes.</summary>
    public static byte[] Map(PixelMapping mapping, TensorShape shape, ReadOnlySpan<byte> bytes)
    {
        if (mapping.ElementType == ElementType.UInt8) return bytes.ToArray();
        var tensor = new float[bytes.Length];
        for (var at = 0; at < tensor.Length; at++)
        {
            var channel = ChannelOf(mapping, shape, at);
            float scaled = bytes[at] * mapping.Scale;
            float centered = scaled - Pick(mapping.Mean, channel);
            tensor[at] = centered / Pick(mapping.StandardDeviation, channel);
        }

        return MemoryMarshal.AsBytes(tensor.AsSpan()).ToArray();
    }

    /// <summary>A picture with slopes and edges, as photographs have them, in the order of a tensor's axes.</summary>
    public static byte[] Draw(PixelMapping mapping, TensorShape shape, int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[shape.ElementCount];
        var (width, channels) = mapping.Layout == ImageLayout.Nchw ? ((int)shape.Dimensions[3], (int)shape.Dimensions[1]) : ((int)shape.Dimensions[2], (int)shape.Dimensions[3]);
        var plane = bytes.Length / channels;
        for (var at = 0; at < bytes.Length; at++)
        {
            var pixel = mapping.Layout == ImageLayout.Nchw ? at % plane : at / channels;
            var (x, y) = (pixel % width, pixel / width);
            bytes[at] = (byte)Math.Clamp((x * 3) + (y * 2) + (ChannelOf(mapping, shape, at) * 20) + random.Next(-3, 4) + (x > y ? 40 : 0), 0, 255);
        }

        return bytes;
    }

    /// <summary>Encodes a tensor.</summary>
    public static byte[] Encode(ITensorCodec codec, ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor)
    {
        var payload = new byte[codec.MaxEncodedLength(type, shape)];
        return payload[..codec.Encode(type, shape, tensor, payload)];
    }

    /// <summary>Decodes a payload.</summary>
    public static byte[] Decode(ITensorCodec codec, ElementType type, TensorShape shape, ReadOnlySpan<byte> payload)
    {
        var tensor = new byte[type.ByteSize(shape.ElementCount)];
        codec.Decode(type, shape, payload, tensor);
        return tensor;
    }

    /// <summary>All codecs that tests try, for a mapping.</summary>
    public static ImageCodec[] Codecs(PixelMapping mapping) => [ImageCodec.Png(mapping), ImageCodec.Jpeg(mapping), ImageCodec.Jpeg(mapping, 30), ImageCodec.WebP(mapping)];

    /// <summary>The channel of an element.</summary>
    public static int ChannelOf(PixelMapping mapping, TensorShape shape, int at) => mapping.Layout == ImageLayout.Nchw
        ? (int)(at / (shape.Dimensions[2] * shape.Dimensions[3]))
        : (int)(at % shape.Dimensions[3]);

    private static float Pick(PerChannel numbers, int channel) => channel switch { 0 => numbers.First, 1 => numbers.Second, _ => numbers.Third };
}
