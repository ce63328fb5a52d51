using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Protocol;

/// <summary>
/// CRC-32C (Castagnoli), as in iSCSI. A checksum of an earlier part may be given to go on from; that of nothing is 0.
/// </summary>
/// <remarks>
/// The processor's instruction takes eight bytes a cycle but answers after three, so three stretches that lie side by side
/// are summed at once. Their sums are joined by what a sum becomes when as many zero bytes follow it, from a table. Where
/// there is a carry-less product, which another part of the processor computes, a fourth stretch is folded by it meanwhile.
/// </remarks>
internal static partial class Crc32C
{
    private const uint ReflectedPolynomial = 0x82F63B78;
    private const int LongStretch = 1536;
    private const int ShortStretch = 128;

    private static readonly uint[] AfterLongStretch = ZerosTable(LongStretch);
    private static readonly uint[] AfterShortStretch = ZerosTable(ShortStretch);

    /// <summary>The checksum of <paramref name="bytes"/>, or of what <paramref name="earlier"/> sums with them appended.</summary>
    public static uint Append(uint earlier, ReadOnlySpan<byte> bytes)
    {
        var sum = ~earlier;
        if (Pclmulqdq.IsSupported)
        {
            for (; bytes.Length >= FoldedBytes + 3 * LongStretch; bytes = bytes[(FoldedBytes + 3 * LongStretch)..])
                sum = FoldAndThreeStretches(sum, ref MemoryMarshal.GetReference(bytes));
        }

        for (; bytes.Length >= 3 * LongStretch; bytes = bytes[(3 * LongStretch)..])
            sum = ThreeStretches(sum, ref MemoryMarshal.GetReference(bytes), LongStretch, AfterLongStretch);
        for (; bytes.Length >= 3 * ShortStretch; bytes = bytes[(3 * ShortStretch)..])
            sum = ThreeStretches(sum, ref MemoryMarshal.GetReference(bytes), ShortStretch, AfterShortStretch);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes) sum = BitOperations.Crc32C(sum, one);
        return ~sum;
    }

    /// <summary>Sums three stretches of <paramref name="stretch"/> bytes, a multiple of 16, from <paramref name="start"/> on.</summary>
    private static uint ThreeStretches(uint sum, ref byte start, nuint stretch, uint[] afterStretch)
    {
        uint second = 0, third = 0;
        ref var end = ref Unsafe.Add(ref start, stretch);
        for (; Unsafe.IsAddressLessThan(ref start, ref end); start = ref Unsafe.Add(ref start, 2 * sizeof(ulong)))
        {
            sum = BitOperations.Crc32C(sum, Word(ref start, 0));
            second = BitOperations.Crc32C(second, Word(ref start, stretch));
            third = BitOperations.Crc32C(third, Word(ref start, 2 * stretch));
            sum = BitOperations.Crc32C(sum, Word(ref start, sizeof(ulong)));
            second = BitOperations.Crc32C(second, Word(ref start, stretch + sizeof(ulong)));
            third = BitOperations.Crc32C(third, Word(ref start, 2 * stretch + sizeof(ulong)));
        }

        return Shift(Shift(sum, afterStretch) ^ second, afterStretch) ^ third;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte start, nuint at)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    private static uint Shift(uint sum, uint[] table) =>
        table[sum & 0xFF] ^ table[256 + ((sum >> 8) & 0xFF)] ^ table[512 + ((sum >> 16) & 0xFF)] ^ table[768 + (sum >> 24)];

    /// <summary>For each of the four bytes of a sum, what each value of it adds to the sum once <paramref name="zeros"/> zero bytes have followed.</summary>
    private static uint[] ZerosTable(int zeros)
    {
        Span<uint> ofBit = stackalloc uint[32];
        for (var bit = 0; bit < 32; bit++)
        {
            var sum = 1u << bit;
            for (var step = 0; step < 8 * zeros; step++) sum = (sum >> 1) ^ (ReflectedPolynomial & (0 - (sum & 1)));
            ofBit[bit] = sum;
        }

        var table = new uint[4 * 256];
        for (var entry = 0; entry < table.Length; entry++)
        {
            for (var bit = 0; bit < 8; bit++)
                if ((entry >> bit & 1) != 0) table[entry] ^= ofBit[8 * (entry / 256) + bit];
        }

        return table;
    }
}
