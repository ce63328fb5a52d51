using SplitInfer.Imaging.Tests.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests;

/// <summary>How samples were made of bytes is found, or it is said why not.</summary>
public sealed class PixelMappingSearchTests
{
    [Theory]
    [InlineData("rgb")]
    [InlineData("rgb,nhwc")]
    [InlineData("ImageNet")]
    [InlineData("ImageNet,nhwc")]
    [InlineData("ImageNetCaffe")]
    [InlineData("ZeroToOne")]
    [InlineData("MinusOneToOne,nhwc")]
    [InlineData("bgr,mean=103.939/116.779/123.68")]
    [InlineData("mean=127.5,deviation=128")]
    [InlineData("mean=100/110/120,deviation=58/57/61.5")]
    [InlineData("deviation=0.25")]
    [InlineData("nhwc,mean=128,deviation=64")]
    public void A_mapping_is_found_by_what_it_made(string text)
    {
        var mapping = PixelMapping.Parse(text);
        var samples = Samples(mapping, 0, 255);
        Assert.Equal(mapping, PixelMapping.Find(SpecOf(mapping, 3), samples));
    }

    [Fact]
    public void One_that_is_found_makes_bytes_of_all_samples() => Sampled.Check(60, static random =>
    {
        var mapping = new PixelMapping
        {
            Mean = new(random.NextSingle() * 300 - 20, random.NextSingle() * 200, random.NextSingle() * 200),
            StandardDeviation = new(random.NextSingle() * 100 + 0.1f, random.NextSingle() + 0.1f, random.NextSingle() * 10 + 1),
        };
        var found = PixelMapping.Find(SpecOf(mapping, 3), Samples(mapping, 0, 255));
        foreach (var sample in Samples(mapping, 0, 255))
        {
            var payload = PictureTensor.Encode(SplitInfer.Imaging.Codecs.ImageCodec.Png(found), ElementType.Float32, sample.Shape, sample.Bytes.Span);
            Assert.NotEqual(0, payload[0]);
            Assert.Equal(sample.Bytes.ToArray(), PictureTensor.Decode(SplitInfer.Imaging.Codecs.ImageCodec.Png(found), ElementType.Float32, sample.Shape, payload));
        }
    });

    [Fact]
    public void Gray_is_found_too()
    {
        var spec = new TensorSpec("x", ElementType.Float32, Dimension.Symbolic("N"), Dimension.Fixed(1), Dimension.Fixed(16), Dimension.Fixed(16));
        var sample = Tensor(new(1, 1, 16, 16), [.. Enumerable.Range(0, 256).Select(static level => level / 255f)]);
        Assert.Equal("ZeroToOne", PixelMapping.Find(spec, [sample]).ToString());
    }

    [Fact]
    public void Bytes_need_no_search() => Assert.Equal("Bytes", PixelMapping.Find(new("x", ElementType.UInt8, Dimension.Fixed(1), Dimension.Fixed(4), Dimension.Fixed(4), Dimension.Fixed(3)), []).ToString());

    [Fact]
    public void What_does_not_show_it_is_told_in_words()
    {
        var spec = SpecOf(new(), 3);
        var random = new Random(1);
        Refuse("no samples", []);
        Refuse("over 256", [Tensor(new(1, 3, 20, 20), [.. Enumerable.Range(0, 1200).Select(_ => random.NextSingle())])]);
        Refuse("not as far from each other", [Tensor(new(1, 3, 4, 4), [.. Enumerable.Range(0, 48).Select(_ => random.NextSingle())])]);
        Refuse("NaN", [Tensor(new(1, 3, 1, 1), [0, float.NaN, 1])]);
        // From 20 to 219 only, with a step that is none of the usual.
        Refuse("reaches over 200 of 256", Samples(new() { StandardDeviation = new(7) }, 20, 219));
        // Black alone may be anything.
        Refuse("several ways", [Tensor(new(1, 3, 2, 2), new float[12])]);
        Assert.Throws<TensorMismatchException>(() => PixelMapping.Find(spec, [Tensor(new(1, 4, 2, 2), new float[16])]));
        Assert.Throws<TensorMismatchException>(() => PixelMapping.Find(new("x", ElementType.Float32, Dimension.Fixed(1), Dimension.Fixed(1000)), []));

        void Refuse(string word, IEnumerable<TensorValue> samples) =>
            Assert.Contains(word, Assert.Throws<PixelMappingNotFoundException>(() => PixelMapping.Find(spec, samples)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("splitinfer.pixels=bgr,mean=104/117/123", "ImageNetCaffe")]
    [InlineData("Image.BitmapPixelFormat=Bgr8 Image.NominalPixelRange=NominalRange_0_255", "bgr")]
    [InlineData("Image.BitmapPixelFormat=Rgb8 Image.NominalPixelRange=Normalized_0_1", "ZeroToOne")]
    [InlineData("Image.BitmapPixelFormat=Rgb8 Image.NominalPixelRange=Normalized_1_1", "MinusOneToOne")]
    [InlineData("Image.BitmapPixelFormat=Rgb8 Image.NominalPixelRange=NominalRange_16_235", null)]
    [InlineData("Image.BitmapPixelFormat=Rgb8", null)]
    [InlineData("splitinfer.pixels=whatever", null)]
    [InlineData("", null)]
    public void A_model_may_state_it(string properties, string? expected)
    {
        var stated = properties.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(static pair => pair[..pair.IndexOf('=')], static pair => pair[(pair.IndexOf('=') + 1)..]);
        Assert.Equal(expected, PixelMapping.FromMetadata(stated, SpecOf(new(), 3))?.ToString());
    }

    private static TensorSpec SpecOf(PixelMapping mapping, int channels)
    {
        Dimension[] axes = mapping.Layout == ImageLayout.Nchw
            ? [Dimension.Fixed(1), Dimension.Fixed(channels), Dimension.Symbolic("H"), Dimension.Symbolic("W")]
            : [Dimension.Fixed(1), Dimension.Symbolic("H"), Dimension.Symbolic("W"), Dimension.Fixed(channels)];
        return new("x", ElementType.Float32, axes);
    }

    /// <summary>Two samples that, together, have every byte in a range in every channel.</summary>
    private static TensorValue[] Samples(PixelMapping mapping, int black, int white)
    {
        var shape = PictureTensor.ShapeOf(mapping, 3, 16, 16);
        var samples = new List<TensorValue>();
        for (var sample = 0; sample < 2; sample++)
        {
            var bytes = new byte[shape.ElementCount];
            for (var at = 0; at < bytes.Length; at++)
            {
                var pixel = mapping.Layout == ImageLayout.Nchw ? at % 256 : at / 3;
                bytes[at] = (byte)Math.Clamp((pixel * 5 % 256) + sample, black, white);
            }

            var tensor = TensorValue.Allocate(ElementType.Float32, shape);
            PictureTensor.Map(mapping, shape, bytes).CopyTo(tensor.Bytes.Span);
            samples.Add(tensor);
        }

        return [.. samples];
    }

    private static TensorValue Tensor(TensorShape shape, float[] values)
    {
        var tensor = TensorValue.Allocate(ElementType.Float32, shape);
        values.CopyTo(tensor.Span<float>());
        return tensor;
    }
}
