namespace SplitInfer.Tailoring.Families;

/// <summary>
/// How the risk of a promise is shared among all variants that one target may be met by. Several are judged by the same samples and one of those that pass is taken, so the
/// chances that each passes by luck add up. The shares are fixed beforehand, whatever is made, and add up to 1 (Bonferroni), so a promise does not depend on the order.
/// </summary>
internal static class PromiseRisk
{
    private const double Int8Share = 0.3, MixedShare = 0.3, OtherShare = 0.1;

    /// <summary>The share of a kind of which there are so many. What is exact by construction has none.</summary>
    public static double ShareOf(VariantKind kind, int mixedVariants) => kind switch
    {
        VariantKind.Exact => 0,
        VariantKind.Int8 => Int8Share,
        VariantKind.MixedInt8 => MixedShare / Math.Max(1, mixedVariants),
        VariantKind.PrunedInt8 => OtherShare / VariantMaker.PrunedPercents.Length,
        _ => OtherShare,
    };
}

/// <summary>What a variant is.</summary>
internal enum VariantKind
{
    /// <summary>The model but for rounding.</summary>
    Exact,

    /// <summary>Static int8.</summary>
    Int8,

    /// <summary>Static int8 with some products in float32.</summary>
    MixedInt8,

    /// <summary>Dynamic int8.</summary>
    DynamicInt8,

    /// <summary>Weights in float16.</summary>
    HalfWeights,

    /// <summary>Weights in 8 bits.</summary>
    Int8Weights,

    /// <summary>Static int8 of a model with fewer channels.</summary>
    PrunedInt8,
}
