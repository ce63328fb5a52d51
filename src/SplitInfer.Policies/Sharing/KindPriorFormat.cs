using System.Buffers.Binary;
using System.Collections.Immutable;

namespace SplitInfer.Policies.Sharing;

/// <summary>The bytes of <see cref="KindPrior"/>: one form for each, so that equal priors have equal bytes. Stateless.</summary>
/// <remarks>
/// <code>
/// 0    4   "SIKP"
/// 4    2   version, 1
/// 6    2   quantities, at most 512; then for each, rising:
///      1   type                                     KindQuantityType
///      8   hash of the server's name; 0 for none
///      6   variant, cut, exit
///      1   bins that hold any, less 1; then for each, rising:
///      1   bin
///      4   devices, at least 1
/// </code>
/// </remarks>
internal static class KindPriorFormat
{
    private const int Header = 8, Quantity = 16, Bin = 5;

    private const ushort Version = 1;

    private static ReadOnlySpan<byte> Magic => "SIKP"u8;

    public static byte[] Write(KindPrior prior)
    {
        var bytes = new byte[Header + prior.Found.Values.Sum(static histogram => Quantity + (Bin * histogram.Bins.Length))];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)prior.Found.Count);
        var left = bytes.AsSpan(Header);
        foreach (var (quantity, histogram) in prior.Found)
        {
            left[0] = (byte)quantity.Type;
            BinaryPrimitives.WriteUInt64LittleEndian(left[1..], quantity.Server);
            BinaryPrimitives.WriteUInt16LittleEndian(left[9..], quantity.Variant);
            BinaryPrimitives.WriteUInt16LittleEndian(left[11..], quantity.Cut);
            BinaryPrimitives.WriteUInt16LittleEndian(left[13..], quantity.Exit);
            left[15] = (byte)(histogram.Bins.Length - 1);
            left = left[Quantity..];
            foreach (var (bin, count) in histogram.Bins)
            {
                left[0] = bin;
                BinaryPrimitives.WriteUInt32LittleEndian(left[1..], count);
                left = left[Bin..];
            }
        }

        return bytes;
    }

    public static KindPrior Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Header || !bytes[..4].SequenceEqual(Magic)) throw new KindPriorException("These bytes are no prior of a kind of devices. Use what ToBytes wrote.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) is var version && version != Version) throw new KindPriorException($"The prior has version {version}; this release reads {Version}. Start from none.");
        var quantities = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        if (quantities > KindPrior.MaxQuantities) throw new KindPriorException($"The prior has {quantities} quantities; {KindPrior.MaxQuantities} are allowed. Start from none.");
        var found = ImmutableSortedDictionary.CreateBuilder<KindQuantity, LogHistogram>();
        var left = bytes[Header..];
        var last = default(KindQuantity);
        for (var i = 0; i < quantities; i++)
        {
            if (left.Length < Quantity) throw Damaged();
            var type = (KindQuantityType)left[0];
            var quantity = new KindQuantity(type, BinaryPrimitives.ReadUInt64LittleEndian(left[1..]), BinaryPrimitives.ReadUInt16LittleEndian(left[9..]), BinaryPrimitives.ReadUInt16LittleEndian(left[11..]), BinaryPrimitives.ReadUInt16LittleEndian(left[13..]));
            if (type is < KindQuantityType.Head or > KindQuantityType.ExitOdds || quantity.CompareTo(last) <= 0) throw Damaged();
            var bins = left[15] + 1;
            left = left[Quantity..];
            if (left.Length < bins * Bin) throw Damaged();
            found[last = quantity] = ReadBins(left[..(bins * Bin)]);
            left = left[(bins * Bin)..];
        }

        return left.IsEmpty ? new(found.ToImmutable()) : throw Damaged();
    }

    private static LogHistogram ReadBins(ReadOnlySpan<byte> bytes)
    {
        var bins = ImmutableArray.CreateBuilder<(byte, uint)>(bytes.Length / Bin);
        for (var last = -1; !bytes.IsEmpty; bytes = bytes[Bin..])
        {
            var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]);
            if (bytes[0] <= last || count == 0) throw Damaged();
            bins.Add((bytes[0], count));
            last = bytes[0];
        }

        return new(bins.MoveToImmutable());
    }

    private static KindPriorException Damaged() => new("The prior is damaged. Start from none, and take shares anew.");
}
