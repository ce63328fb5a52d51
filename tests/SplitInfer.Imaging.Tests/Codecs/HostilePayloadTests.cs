using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;
using SplitInfer.Codecs;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Fuzzing;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>A payload may be anything: it is a tensor, or refused by the error for it, and never takes much memory.</summary>
[Collection(nameof(SerialMemory))]
public sealed class HostilePayloadTests
{
    private const int Side = 48;
    private const long LittleMemory = 8 << 20;

    private static readonly PixelMapping Mapping = PixelMapping.Parse("ImageNet");
    private static readonly TensorShape Shape = new(1, 3, Side, Side);
    private static readonly byte[] Tensor = PictureTensor.Map(Mapping, Shape, PictureTensor.Draw(Mapping, Shape, 1));

    public static TheoryData<string> Names { get; } = [.. PictureTensor.Codecs(Mapping).Select(static codec => codec.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_cut_off_or_left_over_is_refused(string name)
    {
        var codec = ImageCodec.Parse(name);
        var payload = PictureTensor.Encode(codec, ElementType.Float32, Shape, Tensor);
        for (var length = 0; length < payload.Length; length += 1 + (payload.Length / 300)) Refuse(codec, payload.AsSpan(0, length));
        Refuse(codec, payload.AsSpan(0, payload.Length - 1));
        Refuse(codec, [.. payload, 0]);
        Refuse(codec, [0, .. Tensor[1..]]);
        Refuse(codec, [0, .. Tensor, 0]);
        Refuse(codec, [3, .. payload[1..]]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_picture_of_another_size_or_format_or_of_other_channels_is_refused(string name)
    {
        var codec = ImageCodec.Parse(name);
        foreach (var (channels, height, width) in ((int, int, int)[])[(3, Side, Side + 1), (3, Side - 1, Side), (3, 1, Side * Side)])
        {
            var shape = new TensorShape(1, channels, height, width);
            var payload = PictureTensor.Encode(codec, ElementType.Float32, shape, PictureTensor.Map(Mapping, shape, PictureTensor.Draw(Mapping, shape, 1)));
            Assert.Equal(1, payload[0]);
            Refuse(codec, payload);
        }

        var gray = PictureTensor.ShapeOf(Mapping, 1, Side, Side);
        if (codec.Format != ImageFormat.WebP) Refuse(codec, PictureTensor.Encode(codec, ElementType.Float32, gray, PictureTensor.Map(Mapping, gray, PictureTensor.Draw(Mapping, gray, 1))));
        foreach (var other in PictureTensor.Codecs(Mapping).Where(other => other.Format != codec.Format)) Refuse(codec, PictureTensor.Encode(other, ElementType.Float32, Shape, Tensor));
        foreach (var format in (SKEncodedImageFormat[])[SKEncodedImageFormat.Gif, SKEncodedImageFormat.Bmp, SKEncodedImageFormat.Ico]) Refuse(codec, [1, .. Signature(format)]);
        // A tensor that is no picture comes as it is, or not at all.
        Assert.Throws<InvalidPayloadException>(() => codec.Decode(ElementType.Int64, new(5), PictureTensor.Encode(codec, ElementType.Float32, Shape, Tensor), new byte[40]));
    }

    [Fact]
    public void Enormous_sizes_in_a_header_take_no_memory()
    {
        var png = PictureTensor.Encode(ImageCodec.Png(Mapping), ElementType.Float32, Shape, Tensor);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(17), 60_000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(21), 60_000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(30), Crc(png.AsSpan(13, 17)));
        RefuseSize(ImageCodec.Png(Mapping), png);
        var jpeg = PictureTensor.Encode(ImageCodec.Jpeg(Mapping), ElementType.Float32, Shape, Tensor);
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0, 0, 17]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 65_000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), 65_000);
        RefuseSize(ImageCodec.Jpeg(Mapping), jpeg);
        var webp = PictureTensor.Encode(ImageCodec.WebP(Mapping), ElementType.Float32, Shape, Tensor);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(27), 16_383);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(29), 16_383);
        RefuseSize(ImageCodec.WebP(Mapping), webp);
    }

    [Fact]
    public void Forms_that_make_few_bytes_much_work_are_refused()
    {
        var jpeg = PictureTensor.Encode(ImageCodec.Jpeg(Mapping), ElementType.Float32, Shape, Tensor);
        var (frame, scan) = (jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]), jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]));
        byte[] progressive = [.. jpeg];
        progressive[frame + 1] = 0xC2;
        Refuse(ImageCodec.Jpeg(Mapping), progressive);
        // The same scan once more, a picture behind the picture, and a comment.
        Refuse(ImageCodec.Jpeg(Mapping), [.. jpeg[..^2], .. jpeg[scan..]]);
        Refuse(ImageCodec.Jpeg(Mapping), [.. jpeg, .. jpeg[1..]]);
        Refuse(ImageCodec.Jpeg(Mapping), [.. jpeg[..frame], 0xFF, 0xFE, 0, 3, 65, .. jpeg[frame..]]);

        var png = PictureTensor.Encode(ImageCodec.Png(Mapping), ElementType.Float32, Shape, Tensor);
        Refuse(ImageCodec.Png(Mapping), [.. png[..34], .. Chunk("zTXt", [65, 0, 0, .. Deflated(new byte[10_000_000])]), .. png[34..]]);
        byte[] interlaced = [.. png];
        interlaced[29] = 1;
        Refuse(ImageCodec.Png(Mapping), interlaced);

        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var pixmap = bitmap.PeekPixels();
        using var lossless = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50))!;
        Refuse(ImageCodec.WebP(Mapping), [1, .. lossless.ToArray()]);
        var webp = PictureTensor.Encode(ImageCodec.WebP(Mapping), ElementType.Float32, Shape, Tensor);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(27), Side | 0x4000);
        Refuse(ImageCodec.WebP(Mapping), webp);
    }

    [Fact]
    public void Data_that_goes_on_far_beyond_the_picture_ends_where_the_picture_does()
    {
        var rows = new byte[100_000_000];
        byte[] header = [0, 0, 0, Side, 0, 0, 0, Side, 8, 2, 0, 0, 0];
        byte[] png = [1, 0x89, .. "PNG\r\n"u8, 0x1A, .. "\n"u8, .. Chunk("IHDR", header), .. Chunk("IDAT", Deflated(rows)), .. Chunk("IEND", [])];
        Assert.InRange(ResidentMemory.PeakOf(() =>
        {
            try
            {
                var tensor = PictureTensor.Decode(ImageCodec.Png(Mapping), ElementType.Float32, Shape, png);
                Assert.Equal(PictureTensor.Map(Mapping, Shape, new byte[Shape.ElementCount]), tensor);
            }
            catch (InvalidPayloadException)
            {
                // Either is right.
            }
        }), long.MinValue, LittleMemory);
    }

    [Fact]
    public void Corrections_that_are_damaged_are_refused()
    {
        var picture = PictureTensor.Encode(ImageCodec.Png(Mapping), ElementType.Float32, Shape, Tensor).AsSpan(1).ToArray();
        var none = new byte[3 * 256];
        Assert.Equal(Tensor, PictureTensor.Decode(ImageCodec.Png(Mapping), ElementType.Float32, Shape, [2, .. none, .. picture]));
        Refuse(ImageCodec.Png(Mapping), [2, .. none[1..], .. picture]);
        Refuse(ImageCodec.Png(Mapping), [2, .. none[1..]]);
        Refuse(ImageCodec.Png(Mapping), [2, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, .. none[1..], .. picture]);
        Refuse(ImageCodec.Png(Mapping), [2, 0xFF, 0xFF, 0xFF, 0xFF, 0x8F, 0, .. none[1..], .. picture]);
        var jpeg = PictureTensor.Encode(ImageCodec.Jpeg(Mapping), ElementType.Float32, Shape, Tensor).AsSpan(1).ToArray();
        Refuse(ImageCodec.Jpeg(Mapping), [2, .. none, .. jpeg]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_and_random_payloads_are_tensors_or_refused(string name)
    {
        var codec = ImageCodec.Parse(name);
        var seeds = new List<byte[]>();
        foreach (var channels in (int[])[3, 1])
        {
            var shape = PictureTensor.ShapeOf(Mapping, channels, Side, Side);
            seeds.Add(PictureTensor.Encode(codec, ElementType.Float32, shape, PictureTensor.Map(Mapping, shape, PictureTensor.Draw(Mapping, shape, channels))));
        }

        using var payload = new GuardedMemory(1 << 16);
        using var tensor = new GuardedMemory(1 << 16);
        var (mutator, random, taken) = (new PayloadMutator(3), new Random(4), 0);
        for (var round = 0; round < 3000; round++)
        {
            var seed = seeds[round % 2];
            var room = new byte[seed.Length + 64];
            var length = round % 10 == 0 ? random.Next(room.Length) : mutator.Mutate(seed, seeds[(round + 1) % 2], room);
            if (round % 10 == 0) random.NextBytes(room);
            var input = payload.AtEnd(length);
            room.AsSpan(0, length).CopyTo(input);
            var output = tensor.AtEnd((round % 2 == 0 ? 3 : 1) * Side * Side * sizeof(float));
            try
            {
                var shape = PictureTensor.ShapeOf(Mapping, round % 2 == 0 ? 3 : 1, Side, Side);
                codec.Decode(ElementType.Float32, shape, input, output);
                var first = output.ToArray();
                output.Fill(0xAA);
                codec.Decode(ElementType.Float32, shape, input, output);
                Assert.True(output.SequenceEqual(first));
                taken++;
            }
            catch (InvalidPayloadException)
            {
                // As it should be.
            }
        }

        Assert.InRange(taken, 1, 2999);
    }

    // By its header, before anything of that size is taken.
    private static void RefuseSize(ImageCodec codec, byte[] payload)
    {
        InvalidPayloadException refusal = null!;
        Assert.InRange(ResidentMemory.PeakOf(() => refusal = Refuse(codec, payload)), long.MinValue, LittleMemory);
        Assert.Contains($"{Side}×{Side} were due", refusal.Message, StringComparison.Ordinal);
    }

    private static InvalidPayloadException Refuse(ImageCodec codec, ReadOnlySpan<byte> payload)
    {
        var tensor = new byte[Tensor.Length];
        InvalidPayloadException? refusal = null;
        try
        {
            codec.Decode(ElementType.Float32, Shape, payload, tensor);
        }
        catch (InvalidPayloadException error)
        {
            refusal = error;
        }

        Assert.NotNull(refusal);
        Assert.Contains(codec.Name, refusal.Message, StringComparison.Ordinal);
        return refusal;
    }

    private static byte[] Chunk(string name, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        System.Text.Encoding.ASCII.GetBytes(name, chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320u);
        }

        return ~crc;
    }

    private static byte[] Deflated(byte[] data)
    {
        using var target = new MemoryStream();
        using (var deflate = new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(data);
        return target.ToArray();
    }

    private static byte[] Signature(SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Gif => [.. "GIF89a"u8, Side, 0, Side, 0, 0, 0, 0],
        SKEncodedImageFormat.Bmp => [.. "BM"u8, .. new byte[60]],
        _ => [0, 0, 1, 0, 1, 0, .. new byte[60]],
    };
}
