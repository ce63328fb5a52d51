using System.Buffers.Binary;
using SplitInfer.Fleet.Priors;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Fleet.Tests.Priors;

/// <summary>Shares of policies in the sums of silos.</summary>
public sealed class KindPriorAdderTests
{
    [Fact]
    public void Shares_of_many_devices_that_found_different_things_all_go_into_a_sum()
    {
        var sum = new KindSum(new KindPriorAdder());
        for (var device = 0; device < 100; device++) Assert.Null(sum.Add(Share(KindPrior.MaxQuantities, (byte)device)));
        Assert.True(sum.Bytes.Length > KindSum.MaxShareBytes);
        Assert.Equal(KindPrior.MaxQuantities, KindPrior.FromBytes(sum.Bytes).Quantities);
        Assert.Null(sum.Add(Share(1, 0)));
    }

    [Fact]
    public void What_is_no_share_of_one_device_is_refused_and_changes_nothing()
    {
        var sum = new KindSum(new KindPriorAdder());
        Assert.Null(sum.Add(Share(2, 7)));
        var before = sum.Bytes;
        Assert.NotNull(sum.Add(Share(2, 7, devices: 2)));
        Assert.NotNull(sum.Add([1, 2, 3]));
        Assert.Equal(before, sum.Bytes);
    }

    // As KindPrior writes it: for each quantity its type, server, variant, cut and exit, and one bin with so many devices.
    private static byte[] Share(int quantities, byte bin, uint devices = 1)
    {
        const int Header = 8, Quantity = 21;
        var bytes = new byte[Header + (quantities * Quantity)];
        "SIKP"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)quantities);
        for (var i = 0; i < quantities; i++)
        {
            var quantity = bytes.AsSpan(Header + (i * Quantity));
            quantity[0] = 1;
            BinaryPrimitives.WriteUInt16LittleEndian(quantity[11..], (ushort)(i + 1));
            quantity[16] = bin;
            BinaryPrimitives.WriteUInt32LittleEndian(quantity[17..], devices);
        }

        return bytes;
    }
}
