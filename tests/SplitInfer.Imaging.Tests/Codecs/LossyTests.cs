using System.Runtime.InteropServices;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>JPEG and WebP give back a picture much like the one that they were given, in the same axes and range.</summary>
public sealed class LossyTests
{
    public static TheoryData<string> Mappings => [.. PictureTensor.Mappings];

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Pictures_come_back_nearly_the_same(string text)
    {
        var mapping = PixelMapping.Parse(text);
        foreach (var channels in (int[])[1, 3])
        {
            var shape = PictureTensor.ShapeOf(mapping, channels, 60, 80);
            var bytes = PictureTensor.Draw(mapping, shape, 7);
            var tensor = PictureTensor.Map(mapping, shape, bytes);
            foreach (var codec in PictureTensor.Codecs(mapping))
            {
                var payload = PictureTensor.Encode(codec, mapping.ElementType, shape, tensor);
                Assert.Equal(1, payload[0]);
                Assert.True(payload.Length < bytes.Length, codec.Name);
                var decoded = PictureTensor.Decode(codec, mapping.ElementType, shape, payload);
                // In steps of a byte; a picture of other axes or colours is off by dozens.
                Assert.InRange(Rms(mapping, shape, tensor, decoded), 0, codec.IsLossless ? 0 : 12);
                RequireBytes(mapping, shape, decoded);
            }
        }
    }

    [Fact]
    public void Fractions_between_bytes_are_rounded_and_what_is_beyond_black_and_white_is_not_taken()
    {
        var mapping = PixelMapping.Parse("rgb");
        var shape = new TensorShape(1, 3, 32, 32);
        var tensor = new float[shape.ElementCount];
        Array.Fill(tensor, 254.7f);
        var bytes = MemoryMarshal.AsBytes(tensor.AsSpan());
        foreach (var codec in PictureTensor.Codecs(mapping).Where(static codec => !codec.IsLossless))
        {
            Assert.Equal(1, PictureTensor.Encode(codec, ElementType.Float32, shape, bytes)[0]);
            foreach (var odd in (float[])[float.NaN, float.NegativeInfinity, -0.6f, 255.6f])
            {
                tensor[100] = odd;
                Assert.Equal([0, .. bytes], PictureTensor.Encode(codec, ElementType.Float32, shape, bytes));
            }

            tensor[100] = 255.4f;
            Assert.Equal(1, PictureTensor.Encode(codec, ElementType.Float32, shape, bytes)[0]);
        }
    }

    [Fact]
    public void A_lower_quality_takes_fewer_bytes_and_loses_more()
    {
        var mapping = PixelMapping.Parse("ImageNetCaffe");
        var shape = new TensorShape(1, 3, 96, 96);
        var tensor = PictureTensor.Map(mapping, shape, PictureTensor.Draw(mapping, shape, 9));
        foreach (var make in (Func<int, ImageCodec>[])[quality => ImageCodec.Jpeg(mapping, quality), quality => ImageCodec.WebP(mapping, quality)])
        {
            var (good, bad) = (make(95), make(20));
            var (large, small) = (PictureTensor.Encode(good, ElementType.Float32, shape, tensor), PictureTensor.Encode(bad, ElementType.Float32, shape, tensor));
            Assert.True(small.Length < large.Length);
            Assert.True(Rms(mapping, shape, tensor, PictureTensor.Decode(good, ElementType.Float32, shape, large)) < Rms(mapping, shape, tensor, PictureTensor.Decode(bad, ElementType.Float32, shape, small)));
        }
    }

    [Fact]
    public void The_JPEG_is_one_that_programs_read()
    {
        var shape = new TensorShape(1, 3, 64, 64);
        var mapping = PixelMapping.Parse("ZeroToOne");
        var tensor = PictureTensor.Map(mapping, shape, PictureTensor.Draw(mapping, shape, 2));
        var codec = ImageCodec.Jpeg(mapping);
        var payload = PictureTensor.Encode(codec, ElementType.Float32, shape, tensor);
        using var read = ImagePreprocessing.ZeroToOne(64, 64).Decode(payload.AsSpan(1));
        Assert.Equal(PictureTensor.Decode(codec, ElementType.Float32, shape, payload), read.Bytes.ToArray());
    }

    /// <summary>Root of the mean squared difference, in steps of a byte.</summary>
    private static double Rms(PixelMapping mapping, TensorShape shape, byte[] left, byte[] right)
    {
        if (mapping.ElementType == ElementType.UInt8) return Math.Sqrt(left.Zip(right).Average(static pair => Math.Pow(pair.First - pair.Second, 2)));
        var (a, b) = (MemoryMarshal.Cast<byte, float>(left).ToArray(), MemoryMarshal.Cast<byte, float>(right).ToArray());
        return Math.Sqrt(Enumerable.Range(0, a.Length).Average(at => Math.Pow((a[at] - (double)b[at]) * DeviationOf(mapping, PictureTensor.ChannelOf(mapping, shape, at)) / mapping.Scale, 2)));
    }

    private static double DeviationOf(PixelMapping mapping, int channel) => channel switch { 0 => mapping.StandardDeviation.First, 1 => mapping.StandardDeviation.Second, _ => mapping.StandardDeviation.Third };

    /// <summary>Every element is what the mapping makes of a byte.</summary>
    private static void RequireBytes(PixelMapping mapping, TensorShape shape, byte[] tensor)
    {
        if (mapping.ElementType == ElementType.UInt8) return;
        var ramp = Enumerable.Range(0, 256).Select(static level => (byte)level).ToArray();
        var one = mapping with { Layout = ImageLayout.Nchw };
        var values = MemoryMarshal.Cast<byte, float>(PictureTensor.Map(one, new(1, 3, 16, 16), [.. ramp, .. ramp, .. ramp])).ToArray().Chunk(256).Select(static channel => channel.ToHashSet()).ToArray();
        var elements = MemoryMarshal.Cast<byte, float>(tensor);
        for (var at = 0; at < elements.Length; at++) Assert.Contains(elements[at], values[PictureTensor.ChannelOf(mapping, shape, at)]);
    }
}
