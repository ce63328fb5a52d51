namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Turns rows of numbers into levels that lie [x][lane], and back.</summary>
internal static unsafe class RowQuantization
{
    private const int Lanes = LaneLayout.Lanes;

    // Adding 1.5·2^23 rounds to the nearest integer, ties to even, and leaves it in the low bits.
    private const float Rounder = 12582912f;
    private const int RounderBits = 0x4B40_0000;

    /// <summary>Rounds x / step, lane by lane.</summary>
    public static void Quantise(float** rows, int live, int width, float inverse, int* levels, VectorPath path)
    {
        for (var lane = 0; lane < live; lane++)
        {
            var row = rows[lane];
            for (var x = 0; x < width; x++) levels[x * Lanes + lane] = BitConverter.SingleToInt32Bits(row[x] * inverse + Rounder) - RounderBits;
        }
    }

    /// <summary>Multiplies levels by the step.</summary>
    public static void Restore(int* levels, float step, float** rows, int live, int width, VectorPath path)
    {
        for (var lane = 0; lane < live; lane++)
        {
            var row = rows[lane];
            for (var x = 0; x < width; x++) row[x] = levels[x * Lanes + lane] * step;
        }
    }
}
