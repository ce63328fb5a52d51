using SplitInfer.Families;
using SplitInfer.Tailoring.Quantization;

namespace SplitInfer.Tailoring.Families;

/// <summary>How 8-bit integers are best written for a processor.</summary>
internal static class InstructionSet
{
    /// <summary>How activations and weights are best written for a processor: unsigned times signed on x64, of which one without VNNI adds up two products in 16 bits; signed times signed on arm64.</summary>
    public static Int8Format FormatFor(string isa) =>
        isa == InstructionSets.Arm64 ? new(ActivationFormat.Signed, 8) : new(ActivationFormat.Unsigned, isa == InstructionSets.X64 ? 7 : 8);
}

/// <summary>How activations and weights are written.</summary>
/// <param name="Activations">What activations are.</param>
/// <param name="WeightBits">Bits of a weight.</param>
internal readonly record struct Int8Format(ActivationFormat Activations, int WeightBits)
{
    public Int8Options Options(params HashSet<string> keptInFloat) => new() { Activations = Activations, WeightBits = WeightBits, KeptInFloat = keptInFloat };
}
