using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Shifts sixteen lanes, each by as many bits as its own count says, below 32.</summary>
internal static class LaneShift
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Left(Vector512<uint> value, Vector512<uint> counts)
    {
        if (Avx512F.IsSupported) return Avx512F.ShiftLeftLogicalVariable(value, counts);
        if (!Avx2.IsSupported) return OneByOne(value, counts, static (lane, count) => lane << (int)count);
        return Vector512.Create(Avx2.ShiftLeftLogicalVariable(value.GetLower(), counts.GetLower()), Avx2.ShiftLeftLogicalVariable(value.GetUpper(), counts.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Right(Vector512<uint> value, Vector512<uint> counts)
    {
        if (Avx512F.IsSupported) return Avx512F.ShiftRightLogicalVariable(value, counts);
        if (!Avx2.IsSupported) return OneByOne(value, counts, static (lane, count) => lane >> (int)count);
        return Vector512.Create(Avx2.ShiftRightLogicalVariable(value.GetLower(), counts.GetLower()), Avx2.ShiftRightLogicalVariable(value.GetUpper(), counts.GetUpper()));
    }

    private static Vector512<uint> OneByOne(Vector512<uint> value, Vector512<uint> counts, Func<uint, uint, uint> shift)
    {
        var shifted = value;
        for (var lane = 0; lane < Vector512<uint>.Count; lane++) shifted = shifted.WithElement(lane, shift(value[lane], counts[lane]));
        return shifted;
    }
}
