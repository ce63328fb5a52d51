using System.Runtime.InteropServices;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>PNG gives back every bit of every tensor, whatever it holds.</summary>
public sealed class PngTests
{
    private const byte Stored = 0, Picture = 1, Corrected = 2;

    public static TheoryData<string> Mappings => [.. PictureTensor.Mappings];

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Inputs_that_were_bytes_cross_as_a_picture_and_come_back_bit_by_bit(string text)
    {
        var mapping = PixelMapping.Parse(text);
        var codec = ImageCodec.Png(mapping);
        foreach (var channels in (int[])[1, 3])
        {
            var shape = PictureTensor.ShapeOf(mapping, channels, 40, 50);
            var tensor = PictureTensor.Map(mapping, shape, PictureTensor.Draw(mapping, shape, 1));
            var payload = PictureTensor.Encode(codec, mapping.ElementType, shape, tensor);
            Assert.Equal(Picture, payload[0]);
            Assert.True(payload.Length < (mapping.ElementType == ElementType.Float32 ? tensor.Length / 4 : tensor.Length), $"{payload.Length} of {tensor.Length}");
            Assert.Equal(tensor, PictureTensor.Decode(codec, mapping.ElementType, shape, payload));
        }
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Every_byte_comes_back_in_every_channel(string text)
    {
        var mapping = PixelMapping.Parse(text);
        var shape = PictureTensor.ShapeOf(mapping, 3, 64, 64);
        // Three times all bytes in each channel, so that the picture becomes smaller than a uint8 tensor of it.
        byte[] bytes = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(at => (byte)((at / (mapping.Layout == ImageLayout.Nchw ? 1 : 3)) + (at % 3 * 7)))];
        var tensor = PictureTensor.Map(mapping, shape, bytes);
        var payload = PictureTensor.Encode(ImageCodec.Png(mapping), mapping.ElementType, shape, tensor);
        Assert.Equal(tensor, PictureTensor.Decode(ImageCodec.Png(mapping), mapping.ElementType, shape, payload));
    }

    [Fact]
    public void The_picture_is_the_one_that_was_mapped()
    {
        var mapping = PixelMapping.Parse("ImageNetCaffe");
        using var tensor = ImagePreprocessing.ImageNetCaffe.FromPixels(Pictures.Noise(256, 256), 256, 256, PixelFormat.Rgb24);
        using var whole = (ImagePreprocessing.ImageNetCaffe with { RoundsToBytes = true, Width = 256, Height = 256, ShorterSide = 256 }).FromPixels(Pictures.Noise(256, 256), 256, 256, PixelFormat.Rgb24);
        var payload = PictureTensor.Encode(ImageCodec.Png(mapping), ElementType.Float32, whole.Shape, whole.Bytes.Span);
        Assert.Equal(Picture, payload[0]);
        using var decoded = ImagePreprocessing.ImageNetCaffe.Decode(payload.AsSpan(1));
        Assert.Equal(tensor.Bytes.ToArray(), decoded.Bytes.ToArray());
    }

    [Fact]
    public void An_application_that_maps_in_another_order_is_off_by_some_bits_and_loses_none()
    {
        var mapping = PixelMapping.Parse("ImageNet");
        var codec = ImageCodec.Png(mapping);
        var shape = new TensorShape(1, 3, 48, 48);
        var bytes = PictureTensor.Draw(mapping, shape, 3);
        float[] mean = [0.485f, 0.456f, 0.406f], deviation = [0.229f, 0.224f, 0.225f];
        var tensor = new float[bytes.Length];
        // As NumPy does in double precision.
        for (var at = 0; at < tensor.Length; at++) tensor[at] = (float)(((bytes[at] / 255.0) - mean[at / (48 * 48)]) / deviation[at / (48 * 48)]);
        var given = MemoryMarshal.AsBytes(tensor.AsSpan());
        Assert.False(given.SequenceEqual(PictureTensor.Map(mapping, shape, bytes)));
        var payload = PictureTensor.Encode(codec, ElementType.Float32, shape, given);
        Assert.Equal(Corrected, payload[0]);
        Assert.True(payload.Length < given.Length / 4);
        Assert.Equal(given.ToArray(), PictureTensor.Decode(codec, ElementType.Float32, shape, payload));
    }

    [Fact]
    public void Zeros_keep_their_sign()
    {
        var mapping = PixelMapping.Parse("rgb");
        var shape = new TensorShape(1, 3, 40, 40);
        var bytes = PictureTensor.Draw(mapping, shape, 4);
        bytes.AsSpan(0, 9).Clear();
        var tensor = PictureTensor.Map(mapping, shape, bytes);
        foreach (ref var number in MemoryMarshal.Cast<byte, float>(tensor.AsSpan()))
            if (number == 0) number = -0f;
        var payload = PictureTensor.Encode(ImageCodec.Png(mapping), ElementType.Float32, shape, tensor);
        Assert.Equal(Corrected, payload[0]);
        Assert.Equal(tensor, PictureTensor.Decode(ImageCodec.Png(mapping), ElementType.Float32, shape, payload));
    }

    [Fact]
    public void Whatever_a_tensor_holds_every_bit_comes_back() => Sampled.Check(300, static random =>
    {
        var mapping = PixelMapping.Parse(PictureTensor.Mappings[random.Next(PictureTensor.Mappings.Length)]);
        var shape = PictureTensor.ShapeOf(mapping, random.Next(2) == 0 ? 1 : 3, random.Next(1, 30), random.Next(1, 30));
        var tensor = PictureTensor.Map(mapping, shape, random.Next(3) == 0 ? Bytes(random, (int)shape.ElementCount) : PictureTensor.Draw(mapping, shape, random.Next()));
        if (mapping.ElementType == ElementType.Float32) Disturb(random, MemoryMarshal.Cast<byte, float>(tensor.AsSpan()));
        var payload = PictureTensor.Encode(ImageCodec.Png(mapping), mapping.ElementType, shape, tensor);
        Assert.True(payload.Length <= 1 + tensor.Length);
        Assert.Equal(tensor, PictureTensor.Decode(ImageCodec.Png(mapping), mapping.ElementType, shape, payload));
    });

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e30f)]
    [InlineData(-0.01f)]
    [InlineData(0.4999f)]
    public void A_number_that_no_byte_is_mapped_to_sends_the_tensor_as_it_is(float odd)
    {
        var mapping = PixelMapping.Parse("ZeroToOne");
        var shape = new TensorShape(1, 3, 20, 20);
        var tensor = PictureTensor.Map(mapping, shape, PictureTensor.Draw(mapping, shape, 5));
        // The first byte is there in its own form as well.
        tensor.AsSpan(0, 4).CopyTo(tensor.AsSpan(4));
        MemoryMarshal.Cast<byte, float>(tensor.AsSpan())[1] = odd;
        MemoryMarshal.Cast<byte, float>(tensor.AsSpan())[2] = 127 * (1f / 255);
        var payload = PictureTensor.Encode(ImageCodec.Png(mapping), ElementType.Float32, shape, tensor);
        Assert.Equal([Stored, .. tensor], payload);
    }

    [Theory]
    [InlineData(ElementType.Float32, new long[] { 2, 3, 8, 8 })]
    [InlineData(ElementType.Float32, new long[] { 1, 8, 8, 3 })]
    [InlineData(ElementType.Float32, new long[] { 1, 4, 8, 8 })]
    [InlineData(ElementType.Float32, new long[] { 3, 8, 8 })]
    [InlineData(ElementType.Float32, new long[] { 1, 3, 0, 8 })]
    [InlineData(ElementType.Float32, new long[] { 1, 3, 1, 65501 })]
    [InlineData(ElementType.Float64, new long[] { 1, 3, 8, 8 })]
    [InlineData(ElementType.UInt8, new long[] { 1, 3, 8, 8 })]
    [InlineData(ElementType.Int4, new long[] { 33 })]
    public void What_is_no_picture_is_sent_as_it_is(ElementType type, long[] dimensions)
    {
        var shape = new TensorShape(dimensions);
        var tensor = Bytes(new Random(1), (int)type.ByteSize(shape.ElementCount));
        foreach (var codec in PictureTensor.Codecs(PixelMapping.Parse("rgb")))
        {
            var payload = PictureTensor.Encode(codec, type, shape, tensor);
            Assert.Equal([Stored, .. tensor], payload);
            Assert.Equal(tensor, PictureTensor.Decode(codec, type, shape, payload));
        }
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Changes some numbers, or all of the same byte alike, or none.</summary>
    private static void Disturb(Random random, Span<float> tensor)
    {
        switch (random.Next(5))
        {
            case 0:
                for (var times = random.Next(1, 4); times > 0; times--) tensor[random.Next(tensor.Length)] = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
                break;
            case 1:
                tensor[random.Next(tensor.Length)] = (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, float.Epsilon, float.MaxValue] is var odd ? odd[random.Next(odd.Length)] : 0;
                break;
            case 2:
                var off = random.Next(-3, 4);
                foreach (ref var number in tensor) number = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(number) + off);
                break;
            case 3:
                foreach (ref var number in tensor) number = (float)(number + (random.NextDouble() * 1e-3));
                break;
            default:
                break;
        }
    }
}
