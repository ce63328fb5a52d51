using System.Buffers.Binary;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Lz4;
using SplitInfer.Core.Tests.Codecs.Entropy;
using SplitInfer.Tensors;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Core.Tests.Codecs.Lz4;

public sealed class Lz4CodecTests
{
    // What the memory held before; no block here has it.
    private const byte Stale = 0xEE;

    private static readonly Lz4Codec Codec = new();

    [ReferenceLz4Fact]
    public void TheReferenceDecodesOurBlocks()
    {
        foreach (var input in Inputs())
        {
            var block = Block(input);
            Assert.Equal(input, block.Length == input.Length ? block : ReferenceLz4.Decompress(block, input.Length));
        }
    }

    [ReferenceLz4Fact]
    public void WeDecodeTheBlocksOfTheReference()
    {
        foreach (var input in Inputs())
        {
            foreach (var level in (int[])[0, 3, 12])
            {
                var block = ReferenceLz4.Compress(input, level);
                if (block.Length < input.Length) Assert.Equal(input, Decode(block, input.Length));
            }
        }
    }

    [ReferenceLz4Fact]
    public void OurBlocksAreAboutAsShort()
    {
        foreach (var input in Inputs().Where(static input => input.Length > 10_000))
        {
            var (ours, theirs) = (Block(input).Length, ReferenceLz4.Compress(input, 0).Length);
            Assert.True(ours <= 1.01 * theirs, $"{ours} bytes, theirs {theirs}");
        }
    }

    [Fact]
    public void BlocksOfAnEncoderThatFindsOtherMatchesDecode()
    {
        var input = TestTensors.Floats("pooled", 60);
        var payload = Convert.FromHexString(
            "620000007A0080DC3F00806304004400B43E00010071C0014000C001400F0022201B0800350000003400020E0006020039209A40040022802804000622000F02"
            + "000B2F20832C000F2E40F478000F020001F004E0134000E0134000C0CE3F0080BA3F00000000");
        Assert.NotEqual(payload, TestCodecs.Encode(Codec, ElementType.UInt8, new(input.Length), input));
        var decoded = new byte[input.Length];
        Codec.Decode(ElementType.UInt8, new(input.Length), payload, decoded);
        Assert.Equal(input, decoded);
    }

    [Fact]
    public void AMatchMayOverlapWhatItWrites()
    {
        byte[] literals = [.. Enumerable.Range(1, 24).Select(static i => (byte)i)], last = [.. Enumerable.Range(101, 12).Select(static i => (byte)i)];
        for (var offset = 1; offset <= literals.Length; offset++)
        {
            for (var match = 24; match < 100; match++)
            {
                var expected = literals.ToList();
                for (var i = 0; i < match; i++) expected.Add(expected[^offset]);
                expected.AddRange(last);
                Assert.Equal(expected, Decode([0xFF, 9, .. literals, (byte)offset, 0, (byte)(match - 19), 0xC0, .. last], expected.Count));
            }
        }
    }

    [Fact]
    public void ABlockOfOneMatchDecodes() =>
        Assert.Equal([.. Enumerable.Repeat((byte)1, 59), 1, 2, 3, 4, 5], Decode(Convert.FromHexString("1F01010027500102030405"), 64));

    // But for what each says, they decode to the 64 bytes as the one above does.
    [Theory]
    [InlineData("offset before the start", "1F 01 02 00 27 50 01 02 03 04 05")]
    [InlineData("offset before the start, far from the ends", "18 01 02 00 F0 24 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F 30 31 32 33")]
    [InlineData("match beyond the end", "1F 01 01 00 C8 50 01 02 03 04 05")]
    [InlineData("match into the last five bytes", "1F 01 01 00 28 40 01 02 03 04")]
    [InlineData("match that begins in the last twelve", "1F 01 01 00 21 00 01 00 70 01 02 03 04 05 06 07")]
    [InlineData("literals beyond the block", "1F 01 01 00 27 50 01 02 03 04")]
    [InlineData("literals beyond the chunk", "1F 01 01 00 27 60 01 02 03 04 05 06")]
    [InlineData("bytes after the last literals", "1F 01 01 00 27 50 01 02 03 04 05 00")]
    [InlineData("ends within a length of literals", "F0 FF")]
    [InlineData("ends within an offset", "10 01 01")]
    [InlineData("ends within a length of a match", "1F 01 01 00 FF")]
    [InlineData("ends after a match", "1F 01 01 00 2C")]
    [InlineData("less than the chunk", "1F 01 01 00 26 50 01 02 03 04 05")]
    [InlineData("nothing but a token", "00")]
    [InlineData("nothing", "")]
    public void ForgedBlocksAreRefused(string what, string hex)
    {
        var tensor = Enumerable.Repeat(Stale, 64).ToArray();
        var error = Assert.Throws<InvalidPayloadException>(() => Codec.Decode(ElementType.UInt8, new(64), Part(Convert.FromHexString(hex.Replace(" ", ""))), tensor));
        Assert.Contains("does not decode to its chunk", error.Message);
        Assert.False(tensor.Contains(Stale), what);
    }

    // A multiple of eight literals, since K4os writes eight at a time and would overwrite what the match is to show.
    [Theory]
    [InlineData(16, 4, 12)]
    [InlineData(16, 18, 12)]
    [InlineData(16, 19, 5)]
    [InlineData(24, 1000, 12)]
    [InlineData(8, 7, 5)]
    [InlineData(8, 40, 5)]
    public void AnOffsetOfZeroGivesNothingOfWhatTheMemoryHeld(int literals, int match, int last)
    {
        // A match before it makes the block shorter than its chunk.
        byte[] block =
        [
            0x1F, 1, 1, 0, 100,
            (byte)(Math.Min(literals, 15) << 4 | Math.Min(match - 4, 15)), .. Beyond(literals), .. Enumerable.Repeat((byte)2, literals), 0, 0, .. Beyond(match - 4),
            (byte)(last << 4), .. Enumerable.Repeat((byte)3, last),
        ];
        var tensor = Enumerable.Repeat(Stale, 1 + 119 + literals + match + last).ToArray();
        Codec.Decode(ElementType.UInt8, new(tensor.Length), Part(block), tensor);
        Assert.DoesNotContain(Stale, tensor);

        static byte[] Beyond(int length) => length < 15 ? [] : [.. Enumerable.Repeat((byte)255, (length - 15) / 255), (byte)((length - 15) % 255)];
    }

    [Fact]
    public void WhatARefusedPayloadLeavesIsNothingOfBefore()
    {
        var shape = new TensorShape(3 * Chunks.Bytes);
        var payload = TestCodecs.Encode(Codec, ElementType.UInt8, shape, new byte[3 * Chunks.Bytes]);
        var tensor = new byte[3 * Chunks.Bytes];
        for (var length = 0; length < payload.Length; length += 97)
        {
            tensor.AsSpan().Fill(Stale);
            Assert.Throws<InvalidPayloadException>(() => Codec.Decode(ElementType.UInt8, shape, payload.AsSpan(0, length), tensor));
            Assert.False(tensor.Contains(Stale), $"{length} bytes");
        }
    }

    // In 32 bits the match below is of so few bytes that K4os would write beyond the target.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ALengthThatWrapsWritesNothingBeyondTheTarget(int wrapped)
    {
        const int chunk = 64;
        var literals = Enumerable.Range(1, chunk - 12 - wrapped).Select(static i => (byte)i).ToArray();
        var (full, last) = Math.DivRem((1L << 32) + wrapped - 19, 255);
        byte[] block = [0xFF, (byte)(literals.Length - 15), .. literals, 8, 0, .. Enumerable.Repeat((byte)255, (int)full), (byte)last, 0xC0, .. literals.AsSpan(0, 12)];
        using var output = new GuardedMemory(chunk);
        Assert.Throws<InvalidPayloadException>(() => Codec.Decode(ElementType.UInt8, new(chunk), Part(block), output.AtEnd(chunk)));
    }

    private static IEnumerable<byte[]> Inputs()
    {
        for (var length = 1; length < 300; length++) yield return Symbols.Make("steep", length, length);
        foreach (var shape in Symbols.Shapes) yield return Symbols.Make(shape, 100_000);
        foreach (var look in TestTensors.Shapes) yield return TestTensors.Floats(look, 65_536);
    }

    // The only chunk of what the codec makes of so many bytes.
    private static byte[] Block(byte[] input)
    {
        var payload = TestCodecs.Encode(Codec, ElementType.UInt8, new(input.Length), input);
        Assert.Equal(payload.Length - Chunks.LengthBytes, BinaryPrimitives.ReadInt32LittleEndian(payload));
        return payload[Chunks.LengthBytes..];
    }

    private static byte[] Decode(byte[] block, int length)
    {
        var decoded = new byte[length];
        Codec.Decode(ElementType.UInt8, new(length), Part(block), decoded);
        return decoded;
    }

    private static byte[] Part(byte[] block)
    {
        var part = new byte[Chunks.LengthBytes + block.Length];
        BinaryPrimitives.WriteInt32LittleEndian(part, block.Length);
        block.CopyTo(part, Chunks.LengthBytes);
        return part;
    }
}
