using SplitInfer.Protocol;

namespace SplitInfer.Core.Tests.Protocol;

public class Crc32CTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("313233343536373839", 0xE3069283u)] // "123456789", the catalogue's check value
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AAu)] // RFC 3720, B.4
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43u)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794Eu)]
    [InlineData("1F1E1D1C1B1A191817161514131211100F0E0D0C0B0A09080706050403020100", 0x113FDB5Cu)]
    public void Published_values(string hex, uint checksum) => Assert.Equal(checksum, Crc32C.Append(0, Convert.FromHexString(hex)));

    [Fact]
    public void Every_length_at_every_alignment_is_as_the_reference_says()
    {
        var bytes = RandomBytes(1, 1024 + 16);
        for (var length = 0; length <= 1024; length++)
        {
            for (var at = 0; at < 8; at++)
                Assert.Equal(Reference(0, bytes.AsSpan(at, length)), Crc32C.Append(0, bytes.AsSpan(at, length)));
        }
    }

    [Fact]
    public void Lengths_around_the_stretches_are_as_the_reference_says()
    {
        var bytes = RandomBytes(2, 40_000);
        foreach (var length in new[] { 4607, 4608, 4609, 8703, 8704, 8705, 8704 + 4608 + 383, 8704 + 4608 + 384, 2 * 8704, 3 * 8704 + 4608 + 385, 40_000 })
            Assert.Equal(Reference(0, bytes.AsSpan(0, length)), Crc32C.Append(0, bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Appending_in_two_is_the_same_as_at_once() => Sampled.Check(3, 200, random =>
    {
        var bytes = RandomBytes(random.Next(), random.Next(30_000));
        var cut = random.Next(bytes.Length + 1);
        Assert.Equal(Crc32C.Append(0, bytes), Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    });

    [Fact]
    public void Any_flipped_bit_changes_it()
    {
        var bytes = RandomBytes(4, 300);
        var whole = Crc32C.Append(0, bytes);
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.NotEqual(whole, Crc32C.Append(0, bytes));
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    /// <summary>A bit at a time, as the definition has it.</summary>
    private static uint Reference(uint earlier, ReadOnlySpan<byte> bytes)
    {
        var sum = ~earlier;
        foreach (var one in bytes)
        {
            sum ^= one;
            for (var bit = 0; bit < 8; bit++) sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ 0x82F63B78;
        }

        return ~sum;
    }

    private static byte[] RandomBytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
