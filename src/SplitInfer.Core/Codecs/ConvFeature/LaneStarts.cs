using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Where the tables of sixteen contexts begin.</summary>
internal readonly unsafe struct LaneStarts(int* starts)
{
    private const int Lanes = LaneLayout.Lanes;

    /// <summary>Looks up contexts, none of them the certain one, whose table is the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<int> Of(Vector512<int> contexts)
    {
        if (Avx512F.IsSupported)
        {
            // A permutation takes 32 of the 96.
            var (low, middle, high) = (Of(contexts, starts), Of(contexts, starts + 2 * Lanes), Of(contexts, starts + 4 * Lanes));
            var lowOrMiddle = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(contexts, Vector512.Create(2 * Lanes)), middle, low);
            return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(contexts, Vector512.Create(4 * Lanes)), high, lowOrMiddle);
        }

        var found = stackalloc int[Lanes];
        contexts.Store(found);
        for (var lane = 0; lane < Lanes; lane++) found[lane] = starts[found[lane]];
        return Vector512.Load(found);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Of(Vector512<int> contexts, int* starts) =>
        Avx512F.PermuteVar16x32x2(Vector512.Load(starts), contexts, Vector512.Load(starts + Lanes));
}
