using SplitInfer.Codecs;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>Client and server agree on a codec by its name, so the name tells all that they must agree on.</summary>
public sealed class NameTests
{
    // Names are sent and stored: one that is here never changes.
    public static TheoryData<string, ImageCodec> Golden { get; } = new()
    {
        { "Png-ImageNet", ImageCodec.Png(ImagePreprocessing.ImageNet.Pixels) },
        { "Jpeg95-ImageNetCaffe", ImageCodec.Jpeg(ImagePreprocessing.ImageNetCaffe.Pixels) },
        { "WebP90-ZeroToOne", ImageCodec.WebP(ImagePreprocessing.ZeroToOne(8, 8).Pixels) },
        { "Jpeg50-MinusOneToOne,nhwc", ImageCodec.Jpeg(ImagePreprocessing.MinusOneToOne(8, 8).Pixels with { Layout = ImageLayout.Nhwc }, 50) },
        { "Png-Bytes", ImageCodec.Png(ImagePreprocessing.Bytes(8, 8).Pixels) },
        { "Png-rgb", ImageCodec.Png(new()) },
        { "Png-bgr,nhwc,uint8", ImageCodec.Png(new() { Channels = ChannelOrder.Bgr, Layout = ImageLayout.Nhwc, ElementType = ElementType.UInt8 }) },
        { "Png-bgr,scale=0.00390625,mean=1/2.5/-3,deviation=0.1", ImageCodec.Png(new() { Channels = ChannelOrder.Bgr, Scale = 1 / 256f, Mean = new(1, 2.5f, -3), StandardDeviation = new(0.1f) }) },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_codec_has_its_name_and_a_name_its_codec(string name, ImageCodec codec)
    {
        Assert.Equal(name, codec.Name);
        Assert.True(ImageCodec.TryParse(name, out var read));
        Assert.Equal((codec.Format, codec.Quality, codec.Pixels, codec.Name), (read.Format, read.Quality, read.Pixels, read.Name));
        Assert.Equal(name, ImageCodec.Parse(name.ToUpperInvariant()).Name);
    }

    [Theory]
    [InlineData("jpeg:95", "Jpeg95-ImageNet")]
    [InlineData("Jpeg95", "Jpeg95-ImageNet")]
    [InlineData("webp:80", "WebP80-ImageNet")]
    [InlineData("png", "Png-ImageNet")]
    [InlineData("PNG-rgb", "Png-rgb")]
    public void The_mapping_can_stand_apart(string text, string name) => Assert.Equal(name, ImageCodec.Parse(text, ImagePreprocessing.ImageNet.Pixels).Name);

    [Theory]
    [InlineData("", "no codec of pictures")]
    [InlineData("Raw", "no codec of pictures")]
    [InlineData("gif:3", "no codec of pictures")]
    [InlineData("1-rgb", "no codec of pictures")]
    [InlineData("png,jpeg95", "no codec of pictures")]
    [InlineData("png,webp95", "no codec of pictures")]
    [InlineData("jpeg::95", "no codec of pictures")]
    [InlineData("png:", "quality")]
    [InlineData("jpeg", "quality")]
    [InlineData("jpeg:0", "quality")]
    [InlineData("Jpeg101-rgb", "quality")]
    [InlineData("png:9", "quality")]
    [InlineData("Jpeg95", "how the tensor was made")]
    [InlineData("Jpeg95-", "''")]
    [InlineData("Jpeg95-rgb,size=3", "'size=3'")]
    [InlineData("Jpeg95-mean=1/2", "'mean=1/2'")]
    [InlineData("Jpeg95-bgr,ImageNet", "'ImageNet'")]
    [InlineData("Jpeg95-ImageNet,Bytes", "'Bytes'")]
    [InlineData("Jpeg95-deviation=0", "StandardDeviation")]
    [InlineData("Jpeg95-uint8,mean=3", "UInt8")]
    [InlineData("Jpeg95-scale=NaN", "Scale")]
    public void What_is_no_name_is_told_in_words(string text, string word)
    {
        Assert.Contains(word, Assert.Throws<FormatException>(() => ImageCodec.Parse(text)).Message, StringComparison.Ordinal);
        Assert.False(ImageCodec.TryParse(text, out _));
    }

    [Fact]
    public void Every_mapping_has_a_text_of_its_own_that_reads_back() => Sampled.Check(500, static random =>
    {
        var mapping = Any(random);
        Assert.Equal(mapping, PixelMapping.Parse(mapping.ToString()));
        var other = Any(random);
        Assert.Equal(mapping == other, mapping.ToString() == other.ToString());
    });

    [Fact]
    public void Codecs_of_unlike_mappings_are_never_agreed_on()
    {
        var registry = CodecRegistry.Default.With(ImageCodec.Jpeg(ImagePreprocessing.ImageNet.Pixels));
        Assert.False(registry.TryGet(ImageCodec.Jpeg(ImagePreprocessing.ImageNetCaffe.Pixels).Name, out _));
        Assert.False(registry.TryGet(ImageCodec.Jpeg(ImagePreprocessing.ImageNet.Pixels, 94).Name, out _));
        Assert.True(registry.TryGet("Jpeg95-ImageNet", out var codec));
        Assert.False(codec.TakesSlabs || codec.IsIdentity || codec.IsLossless);
    }

    [Theory]
    [InlineData("1 3 8 8", "rgb", true)]
    [InlineData("N 3 H W", "rgb", true)]
    [InlineData("1 1 8 8", "rgb", true)]
    [InlineData("1 8 8 3", "rgb", false)]
    [InlineData("1 8 8 3", "rgb,nhwc", true)]
    [InlineData("2 3 8 8", "rgb", false)]
    [InlineData("1 C 8 8", "rgb", false)]
    [InlineData("1 64 8 8", "rgb", false)]
    [InlineData("1 3 8 8", "uint8", false)]
    [InlineData("3 8 8", "rgb", false)]
    public void A_codec_suits_what_can_be_a_picture(string dimensions, string mapping, bool suits)
    {
        var spec = new TensorSpec("x", ElementType.Float32, [.. dimensions.Split(' ').Select(static d => int.TryParse(d, out var size) ? Dimension.Fixed(size) : Dimension.Symbolic(d))]);
        Assert.Equal(suits, ImageCodec.Png(PixelMapping.Parse(mapping)).Suits(spec));
    }

    private static PixelMapping Any(Random random)
    {
        var (order, layout) = ((ChannelOrder)random.Next(2), (ImageLayout)random.Next(2));
        if (random.Next(4) == 0) return PixelMapping.Parse(PictureTensor.Mappings[random.Next(PictureTensor.Mappings.Length)]) with { Layout = layout };
        return new() { Channels = order, Layout = layout, Scale = Number(random), Mean = new(Number(random), Number(random), Number(random)), StandardDeviation = random.Next(2) == 0 ? new(Number(random)) : new(1, 2, Number(random)) };
    }

    private static float Number(Random random) => random.Next(3) switch { 0 => random.Next(1, 300), 1 => (float)random.NextDouble() + 0.1f, _ => (float)Math.Pow(10, (random.NextDouble() * 60) - 30) * (random.Next(2) == 0 ? 1 : -1) };
}
