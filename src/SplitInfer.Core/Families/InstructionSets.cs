using System.Runtime.InteropServices;

namespace SplitInfer.Families;

/// <summary>The kinds of processors that variants are made for, by what they multiply 8-bit integers with: <see cref="FamilyVariant.Isa"/>.</summary>
public static class InstructionSets
{
    /// <summary>A processor with AVX2 and without VNNI.</summary>
    public const string X64 = "x64";

    /// <summary>A processor with AVX-VNNI or AVX-512 VNNI.</summary>
    public const string X64Vnni = "x64-vnni";

    /// <summary>A 64-bit ARM processor.</summary>
    public const string Arm64 = "arm64";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [X64, X64Vnni, Arm64];

    /// <summary>That of this machine.</summary>
    public static string Here => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Arm64 : ByteProducts.HasVnni ? X64Vnni : X64;
}
