using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Protocol;

internal static partial class Crc32C
{
    private const int Lanes = 4;
    private const int LaneBytes = 16;
    private const int FoldedBytes = LongStretch / (3 * sizeof(ulong)) * Lanes * LaneBytes;

    // What carries 16 bytes of the message over as many bytes as the name says, onto bytes further on.
    private static readonly Vector128<ulong> OverAllLanes = FoldConstants(Lanes * LaneBytes);
    private static readonly Vector128<ulong> OverOneLane = FoldConstants(LaneBytes);

    /// <summary>Sums <see cref="FoldedBytes"/> by folding, and beside it the three stretches that follow.</summary>
    private static uint FoldAndThreeStretches(uint sum, ref byte start)
    {
        var over = OverAllLanes;
        ref var words = ref Unsafe.Add(ref start, FoldedBytes);
        ref var end = ref words;
        var lane0 = Lane(ref start, 0) ^ Vector128.CreateScalar((ulong)sum);
        var (lane1, lane2, lane3) = (Lane(ref start, 1), Lane(ref start, 2), Lane(ref start, 3));
        uint first = 0, second = 0, third = 0;
        while (true)
        {
            for (nuint word = 0; word < 3 * sizeof(ulong); word += sizeof(ulong))
            {
                first = BitOperations.Crc32C(first, Word(ref words, word));
                second = BitOperations.Crc32C(second, Word(ref words, LongStretch + word));
                third = BitOperations.Crc32C(third, Word(ref words, 2 * LongStretch + word));
            }

            words = ref Unsafe.Add(ref words, 3 * sizeof(ulong));
            start = ref Unsafe.Add(ref start, Lanes * LaneBytes);
            if (Unsafe.AreSame(ref start, ref end)) break;
            lane0 = Carry(lane0, over) ^ Lane(ref start, 0);
            lane1 = Carry(lane1, over) ^ Lane(ref start, 1);
            lane2 = Carry(lane2, over) ^ Lane(ref start, 2);
            lane3 = Carry(lane3, over) ^ Lane(ref start, 3);
        }

        var lanes = Carry(Carry(Carry(lane0, OverOneLane) ^ lane1, OverOneLane) ^ lane2, OverOneLane) ^ lane3;
        sum = BitOperations.Crc32C(BitOperations.Crc32C(0, lanes[0]), lanes[1]);
        return Shift(Shift(Shift(sum, AfterLongStretch) ^ first, AfterLongStretch) ^ second, AfterLongStretch) ^ third;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Carry(Vector128<ulong> lane, Vector128<ulong> over) =>
        Pclmulqdq.CarrylessMultiply(lane, over, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, over, 0x11);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Lane(ref byte start, nuint lane) =>
        Unsafe.ReadUnaligned<Vector128<ulong>>(ref Unsafe.Add(ref start, lane * LaneBytes));

    /// <summary>The two powers of x, modulo the polynomial, by which the halves of a lane are multiplied. Reflected as all else; one bit up, since a product of reflected numbers comes out one bit low.</summary>
    private static Vector128<ulong> FoldConstants(int bytes) =>
        Vector128.Create((ulong)PowerOfX(8 * bytes + 32) << 1, (ulong)PowerOfX(8 * bytes - 32) << 1);

    private static uint PowerOfX(int exponent)
    {
        var power = 1u << 31;
        for (; exponent > 0; exponent--) power = (power >> 1) ^ (ReflectedPolynomial & (0 - (power & 1)));
        return power;
    }
}
