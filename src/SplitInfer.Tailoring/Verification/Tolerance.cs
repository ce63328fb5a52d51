using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>How far a partition may be from the whole model.</summary>
/// <param name="Asked">The requested tolerance: an element may differ by this times (1 + its magnitude).</param>
internal readonly record struct Tolerance(double Asked)
{
    /// <summary>
    /// A whole model keeps float16 values in float32 between its nodes; a cut rounds the values that cross it, and a following softmax multiplies the
    /// rounding error. On photographs, SqueezeNet in float16 differs by up to 5 units.
    /// </summary>
    private const int UnitsInTheLastPlace = 8;

    /// <summary>The tolerance for a partition: what was asked for, or 8 units in the last place of the coarsest type that crosses or comes out, if that is more.</summary>
    public double Of(PartitionPlan plan, Partition partition) =>
        partition.Boundary.Concat(plan.Outputs).Select(static value => UnitsInTheLastPlace * Epsilon(value.Type)).Append(Asked).Max();

    /// <summary>The distance from 1 to the next number; 0 for exact types.</summary>
    private static double Epsilon(ElementType type) => type switch
    {
        ElementType.Float64 or ElementType.Complex128 => Math.ScaleB(1, -52),
        ElementType.Float32 or ElementType.Complex64 => Math.ScaleB(1, -23),
        ElementType.Float16 => Math.ScaleB(1, -10),
        ElementType.BFloat16 => Math.ScaleB(1, -7),
        ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ => Math.ScaleB(1, -3),
        ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => Math.ScaleB(1, -2),
        _ => 0,
    };
}
