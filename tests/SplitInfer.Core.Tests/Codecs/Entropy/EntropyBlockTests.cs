using System.Security.Cryptography;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Core.Tests.Codecs.Entropy;

public sealed class EntropyBlockTests
{
    [Fact]
    public void EveryLengthComesBackAndEveryPathWritesTheSameBytes()
    {
        using var memory = new GuardedMemory(4096);
        foreach (var shape in Symbols.Shapes)
        {
            for (var length = 0; length <= 1024; length++)
            {
                var symbols = Symbols.Make(shape, length, length);
                var expected = Encode(symbols, VectorPath.Scalar);
                foreach (var path in CodecPaths.All)
                {
                    Assert.Equal(expected, Encode(symbols, path));
                    var decoded = memory.AtEnd(length);
                    EntropyBlock.Decode("test", expected, decoded, path);
                    Assert.True(decoded.SequenceEqual(symbols), $"{shape}, {length}, {path}");
                }
            }
        }
    }

    [Theory]
    [InlineData(20_001)]
    [InlineData(65_536)]
    [InlineData(300_007)]
    public void LongRunsComeBackOnEveryPath(int length)
    {
        foreach (var shape in Symbols.Shapes)
        {
            var symbols = Symbols.Make(shape, length);
            var expected = Encode(symbols, VectorPath.Scalar);
            foreach (var path in CodecPaths.All)
            {
                Assert.True(expected.AsSpan().SequenceEqual(Encode(symbols, path)), $"{shape}, {path}");
                var decoded = new byte[length];
                EntropyBlock.Decode("test", expected, decoded, path);
                Assert.True(decoded.AsSpan().SequenceEqual(symbols), $"{shape}, {path}");
            }
        }
    }

    [Fact]
    public void TheRateIsWithinTwoPercentOfTheEntropyAndAModel()
    {
        foreach (var shape in Symbols.Shapes)
        {
            foreach (var length in (int[])[1000, 10_000, 200_000])
            {
                var symbols = Symbols.Make(shape, length);
                var coded = Encode(symbols, VectorPaths.Widest).Length;
                Assert.True(coded <= 1.02 * Symbols.EntropyBytes(symbols) + 1024, $"{shape}, {length}: {coded} bytes");
            }
        }
    }

    [Theory]
    [InlineData("uniform", "ac52371c361db2e8")]
    [InlineData("skewed", "f3fffa510a6a3757")]
    [InlineData("steep", "3d57eab21f083ce9")]
    [InlineData("constant", "7fa357958b14236c")]
    [InlineData("two", "09a8e78d518de903")]
    [InlineData("rare", "6276240f7ba5785e")]
    public void TheBytesStayTheSameFromReleaseToRelease(string shape, string hash)
    {
        var block = Encode(Symbols.Make(shape, 10_000), VectorPaths.Widest);
        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(block))[..16]);
    }

    [Fact]
    public void ABlockCutShortOrLongerIsRefused()
    {
        foreach (var shape in Symbols.Shapes)
        {
            var symbols = Symbols.Make(shape, 3000);
            var block = Encode(symbols, VectorPaths.Widest);
            var decoded = new byte[symbols.Length];
            foreach (var path in CodecPaths.All)
            {
                for (var length = 0; length < block.Length; length++)
                    Assert.Throws<InvalidPayloadException>(() => EntropyBlock.Decode("test", block.AsSpan(0, length), decoded, path));
                Assert.Throws<InvalidPayloadException>(() => EntropyBlock.Decode("test", [.. block, 0, 0], decoded, path));
            }
        }
    }

    [Fact]
    public void ForgedModelsAreRefused()
    {
        // Frequencies beyond the scale, below it, and a model that ends before it begins.
        byte[][] forged = [[1, 0, 255, 0xFF, 0xFF], [1, 9, 3, 1, 1], [1, 0, 0, 1, 1, 1], [2], []];
        foreach (var block in forged)
            Assert.Throws<InvalidPayloadException>(() => EntropyBlock.Decode("test", block, new byte[100], VectorPaths.Widest));
    }

    private static byte[] Encode(byte[] symbols, VectorPath path)
    {
        var block = new byte[EntropyBlock.MaxLength(symbols.Length)];
        return block[..EntropyBlock.Encode(symbols, block, path)];
    }
}
