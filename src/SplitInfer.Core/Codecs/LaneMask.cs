using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs;

/// <summary>Masks of vector lanes from the bits of a bitmap.</summary>
internal static class LaneMask
{
    /// <summary>All ones in each of sixteen lanes whose bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Of(uint bits)
    {
        var lane = Vector512.Create(1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        return ~Vector512.Equals(Vector512.Create(bits) & lane, Vector512<uint>.Zero);
    }
}
