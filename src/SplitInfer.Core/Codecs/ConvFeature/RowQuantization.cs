using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Turns rows of numbers into levels that lie [x][lane], and back. Vectors of four in four lanes serve every path but the reference.</summary>
internal static unsafe class RowQuantization
{
    private const int Lanes = LaneLayout.Lanes, Block = 4;

    // Adding 1.5·2^23 rounds to the nearest integer, ties to even, and leaves it in the low bits.
    private const float Rounder = 12582912f;
    private const int RounderBits = 0x4B40_0000;

    /// <summary>Rounds x / step in the live lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantise(float** rows, int live, int width, float inverse, int* levels, VectorPath path)
    {
        var inBlocks = LanesInBlocks(live, width, path);
        for (var lane = 0; lane < inBlocks; lane += Block)
        {
            float* a = rows[lane], b = rows[lane + 1], c = rows[lane + 2], d = rows[lane + 3];
            for (var x = 0; x < width; x = Next(x, width))
            {
                var to = levels + x * Lanes + lane;
                new LaneBlock(
                    Round(Vector128.Load(a + x) * inverse), Round(Vector128.Load(b + x) * inverse),
                    Round(Vector128.Load(c + x) * inverse), Round(Vector128.Load(d + x) * inverse)).Transposed().Store(to, to + Lanes, to + 2 * Lanes, to + 3 * Lanes);
            }
        }

        for (var lane = inBlocks; lane < live; lane++)
        {
            for (var x = 0; x < width; x++) levels[x * Lanes + lane] = BitConverter.SingleToInt32Bits(rows[lane][x] * inverse + Rounder) - RounderBits;
        }
    }

    /// <summary>Multiplies the levels of the live lanes by the step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Restore(int* levels, float step, float** rows, int live, int width, VectorPath path)
    {
        var inBlocks = LanesInBlocks(live, width, path);
        for (var lane = 0; lane < inBlocks; lane += Block)
        {
            float* a = rows[lane], b = rows[lane + 1], c = rows[lane + 2], d = rows[lane + 3];
            for (var x = 0; x < width; x = Next(x, width))
            {
                var from = levels + x * Lanes + lane;
                new LaneBlock(
                    Scale(Vector128.Load(from), step), Scale(Vector128.Load(from + Lanes), step),
                    Scale(Vector128.Load(from + 2 * Lanes), step), Scale(Vector128.Load(from + 3 * Lanes), step)).Transposed().Store((int*)(a + x), (int*)(b + x), (int*)(c + x), (int*)(d + x));
            }
        }

        for (var lane = inBlocks; lane < live; lane++)
        {
            for (var x = 0; x < width; x++) rows[lane][x] = levels[x * Lanes + lane] * step;
        }
    }

    private static int LanesInBlocks(int live, int width, VectorPath path) => path == VectorPath.Scalar || width < Block ? 0 : live - live % Block;

    // The last block ends with the row and may overlap the one before, which gives the same again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(int x, int width) => x + Block < width ? Math.Min(x + Block, width - Block) : width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(Vector128<float> scaled) => (scaled + Vector128.Create(Rounder)).AsInt32() - Vector128.Create(RounderBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Scale(Vector128<int> levels, float step) => (Vector128.ConvertToSingle(levels) * step).AsInt32();
}
