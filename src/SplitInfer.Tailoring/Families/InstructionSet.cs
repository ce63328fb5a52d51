using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using SplitInfer.Tailoring.Quantization;

namespace SplitInfer.Tailoring.Families;

/// <summary>Processors by what they multiply 8-bit integers with, which decides the format of a variant.</summary>
internal static class InstructionSet
{
    private const string X64 = "x64", X64Vnni = "x64-vnni", Arm64 = "arm64";

    public static IReadOnlyList<string> All => [X64, X64Vnni, Arm64];

    /// <summary>That of this machine.</summary>
    public static string Here => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64 : HasVnni ? X64Vnni : X64;

    /// <summary>How activations and weights are best written for a processor: unsigned times signed on x64, of which one without VNNI adds up two products in 16 bits; signed times signed on arm64.</summary>
    public static Int8Format FormatFor(string isa) => isa == Arm64 ? new(ActivationFormat.Signed, 8) : new(ActivationFormat.Unsigned, isa == X64 ? 7 : 8);

    // AVX-VNNI, or AVX-512 VNNI: bit 11 of ECX of leaf 7.
    private static bool HasVnni => AvxVnni.IsSupported || (X86Base.IsSupported && Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0);
}

/// <summary>How activations and weights are written.</summary>
/// <param name="Activations">What activations are.</param>
/// <param name="WeightBits">Bits of a weight.</param>
internal readonly record struct Int8Format(ActivationFormat Activations, int WeightBits)
{
    public Int8Options Options(params HashSet<string> keptInFloat) => new() { Activations = Activations, WeightBits = WeightBits, KeptInFloat = keptInFloat };
}
