using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Looks up a table entry for each lane.</summary>
/// <remarks>
/// Entries are loaded one by one: the gather instruction is several times slower where microcode guards it. Loads that broadcast, and blends, keep
/// the one port that shuffles free.
/// </remarks>
internal static unsafe class LaneTable
{
    /// <summary>The first aligned place in a buffer of twice the size of a vector: the vector is then in a single cache line, so that its parts can be read quickly.</summary>
    public static uint* Align(uint* room) => (uint*)((nint)room + 63 & ~(nint)63);

    /// <summary>The entries for sixteen indices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Sixteen(uint* table, uint* indices) => Eight(table, indices).ToVector512Unsafe().WithUpper(Eight(table, indices + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Eight(uint* table, uint* indices)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(
                table[indices[0]], table[indices[1]], table[indices[2]], table[indices[3]],
                table[indices[4]], table[indices[5]], table[indices[6]], table[indices[7]]);
        }

        return Avx2.Blend(
            Avx2.Blend(
                Avx2.Blend(Entry(table, indices[0]), Entry(table, indices[1]), 0b10),
                Avx2.Blend(Entry(table, indices[2]), Entry(table, indices[3]), 0b1000),
                0b1100),
            Avx2.Blend(
                Avx2.Blend(Entry(table, indices[4]), Entry(table, indices[5]), 0b10_0000),
                Avx2.Blend(Entry(table, indices[6]), Entry(table, indices[7]), 0b1000_0000),
                0b1100_0000),
            0b1111_0000);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Entry(uint* table, uint index) => Avx2.BroadcastScalarToVector256(table + index);
}
