using SplitInfer.Codecs;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Imaging.Tests.Codecs;

/// <summary>What decoding takes is what the codec says that it takes, so that a server can have it count.</summary>
[Collection(nameof(SerialMemory))]
public sealed class ScratchTests
{
    private const long Slack = 4 << 20;

    private static readonly PixelMapping Mapping = PixelMapping.Parse("uint8");

    [Theory]
    // Of more bytes than pools keep, so that each time it is new memory.
    [InlineData("Png", 3, 4200, 4)]
    [InlineData("Jpeg95", 3, 4200, 4)]
    [InlineData("WebP90", 3, 4200, 4)]
    [InlineData("Jpeg95", 1, 8400, 1)]
    [InlineData("WebP90", 1, 4200, 4)]
    public void A_picture_takes_its_pixels_and_little_more(string form, int channels, int side, int pixelBytes)
    {
        ITensorCodec codec = ImageCodec.Parse(form, Mapping);
        var shape = new TensorShape(1, channels, side, side);
        var tensor = new byte[channels * side * side];
        tensor.AsSpan().Fill(77);
        var payload = PictureTensor.Encode(ImageCodec.Parse(form, Mapping), ElementType.UInt8, shape, tensor);

        // A picture of one colour is a thousandth of the tensor or less, so that whoever sends it has the other end do far more than itself.
        Assert.InRange(payload.Length, 1, tensor.Length / 100);
        var scratch = codec.ScratchBytes(ElementType.UInt8, shape);
        var taken = ResidentMemory.PeakOf(() => codec.Decode(ElementType.UInt8, shape, payload, tensor));
        var pixels = (long)pixelBytes * side * side;
        Assert.InRange(taken, pixels - Slack, scratch + Slack);
        Assert.InRange(scratch, pixels, pixels + Slack);
    }

    [Fact]
    public void What_is_no_picture_takes_nothing()
    {
        ITensorCodec codec = ImageCodec.Jpeg(Mapping);
        Assert.Equal(0, codec.ScratchBytes(ElementType.Float32, new(1, 3, 40, 40)));
        Assert.Equal(0, codec.ScratchBytes(ElementType.UInt8, new(5)));
    }
}
