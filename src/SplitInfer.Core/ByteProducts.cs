using System.Runtime.Intrinsics.X86;

namespace SplitInfer;

/// <summary>How this processor multiplies 8-bit integers.</summary>
internal static class ByteProducts
{
    /// <summary>Whether it adds products up in 32 bits at once: AVX-VNNI, or AVX-512 VNNI, which is bit 11 of ECX of leaf 7.</summary>
    public static bool HasVnni { get; } = AvxVnni.IsSupported || (X86Base.IsSupported && Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0);
}
