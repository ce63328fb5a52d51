using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs;

/// <summary>How wide the vectors are that a codec computes with. Every path writes the same bytes; a test picks one, everything else takes the widest.</summary>
internal enum VectorPath
{
    /// <summary>No vectors: the reference.</summary>
    Scalar,

    /// <summary>128 bits, on any processor that has them.</summary>
    Vector128,

    /// <summary>256 bits: AVX2.</summary>
    Vector256,

    /// <summary>512 bits: AVX-512 F, BW, CD, DQ and VL.</summary>
    Vector512,
}

/// <summary>The paths of this machine.</summary>
internal static class VectorPaths
{
    /// <summary>The widest path of this machine.</summary>
    public static VectorPath Widest { get; } =
        Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512CD.VL.IsSupported && Avx512DQ.VL.IsSupported ? VectorPath.Vector512
        : Avx2.IsSupported ? VectorPath.Vector256
        : Ssse3.IsSupported || AdvSimd.IsSupported || Vector128.IsHardwareAccelerated ? VectorPath.Vector128
        : VectorPath.Scalar;
}
