using SplitInfer.Codecs.Lz4;
using SplitInfer.Core.Tests.Codecs.Entropy;

namespace SplitInfer.Core.Tests.Codecs.Lz4;

public sealed class Lz4BlockTests
{
    [ReferenceLz4Fact]
    public void TheReferenceDecodesOurBlocks()
    {
        foreach (var input in Inputs())
        {
            var block = Encode(input);
            Assert.Equal(input, ReferenceLz4.Decompress(block, input.Length));
        }
    }

    [ReferenceLz4Fact]
    public void WeDecodeTheBlocksOfTheReference()
    {
        foreach (var input in Inputs())
        {
            foreach (var level in (int[])[0, 3, 12])
            {
                var decoded = new byte[input.Length];
                Assert.True(Lz4Decoder.TryDecode(ReferenceLz4.Compress(input, level), decoded), $"{input.Length} bytes, level {level}");
                Assert.Equal(input, decoded);
            }
        }
    }

    [ReferenceLz4Fact]
    public void OurBlocksAreAboutAsShort()
    {
        foreach (var input in Inputs().Where(static input => input.Length > 10_000))
        {
            var (ours, theirs) = (Encode(input).Length, ReferenceLz4.Compress(input, 0).Length);
            Assert.True(ours <= 1.25 * theirs + 16, $"{ours} bytes, theirs {theirs}");
        }
    }

    [Theory]
    [InlineData("offset of zero", new byte[] { 0x11, 7, 0, 0, 0x50, 1, 2, 3, 4, 5 })]
    [InlineData("offset before the start", new byte[] { 0x11, 7, 2, 0, 0x50, 1, 2, 3, 4, 5 })]
    [InlineData("match beyond the end", new byte[] { 0x1F, 7, 1, 0, 200, 0x50, 1, 2, 3, 4, 5 })]
    [InlineData("literals beyond the end", new byte[] { 0xF0, 255, 255, 255, 255, 3 })]
    [InlineData("ends within an offset", new byte[] { 0x11, 7, 1 })]
    [InlineData("ends after a match", new byte[] { 0x1B, 7, 1, 0 })]
    [InlineData("nothing", new byte[0])]
    public void ForgedBlocksAreRefused(string what, byte[] block) => Assert.False(Lz4Decoder.TryDecode(block, new byte[16]), what);

    [Fact]
    public void AMatchMayOverlapWhatItWrites()
    {
        var decoded = new byte[16];
        Assert.True(Lz4Decoder.TryDecode([0x26, 1, 2, 2, 0, 0x40, 9, 8, 7, 6], decoded));
        Assert.Equal([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 9, 8, 7, 6], decoded);
    }

    private static IEnumerable<byte[]> Inputs()
    {
        for (var length = 0; length < 300; length++) yield return Symbols.Make("steep", length, length);
        foreach (var shape in Symbols.Shapes) yield return Symbols.Make(shape, 100_000);
        foreach (var look in TestTensors.Shapes) yield return TestTensors.Floats(look, 65_536);
    }

    private static byte[] Encode(byte[] input)
    {
        var block = new byte[input.Length + input.Length / 255 + 16];
        Assert.True(Lz4Encoder.TryEncode(input, block, out var length));
        return block[..length];
    }
}
