using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs;

/// <summary>A bit for each of a run of values: bit i mod 8 of byte i / 8.</summary>
internal static class Bitmap
{
    /// <summary>Bytes for <paramref name="values"/> values.</summary>
    public static int Length(int values) => (values + 7) / 8;

    /// <summary>Ones in a bitmap of <paramref name="values"/> values that may be forged; −1 where a bit beyond the last is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CountOnes(ReadOnlySpan<byte> bitmap, int values)
    {
        if (values % 8 != 0 && bitmap[^1] >> values % 8 != 0) return -1;
        var groups = MemoryMarshal.Cast<byte, ulong>(bitmap);
        var ones = 0;
        foreach (var group in groups) ones += BitOperations.PopCount(group);
        foreach (var bits in bitmap[(groups.Length * sizeof(ulong))..]) ones += BitOperations.PopCount(bits);
        return ones;
    }
}
