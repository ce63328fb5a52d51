using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// Removes exits of arms that run everything on the device and never win. All that these arms cost is in proportion to how slow the device is, so that
/// their order is always the same.
/// </summary>
internal static class LocalPruning
{
    /// <summary>The most arms with an exit that are left, of those that are forced and of others.</summary>
    private const int MaxExits = 12;

    /// <summary>What is described may be off by some such part.</summary>
    private const double Doubt = 0.2;

    private const double Rounding = 1e-9;

    /// <summary>The places of the arms without an exit, and of those with one than which no other is as accurate and surely faster, rising.</summary>
    /// <param name="arms">All arms.</param>
    /// <param name="locals">The places of those that run everything on the device.</param>
    /// <param name="heads">Delays of the heads.</param>
    /// <param name="minAccuracy">The accuracy that requests ask for, 0 to 1; what has less is no choice, unless it is forced: it may be all that a deadline leaves.</param>
    public static int[] Winners(ImmutableArray<ArmDescription> arms, int[] locals, HeadProfile heads, double minAccuracy)
    {
        var seconds = locals.ToDictionary(local => local, local => SecondsOf(arms, local, heads));
        bool IsForced(int local) => arms[local].ExitRate >= 1;
        bool IsChoice(int local) => IsForced(local) || arms[local].Accuracy >= minAccuracy - Rounding;
        bool IsBeaten(int local) => locals.Any(other => other != local && IsForced(other) == IsForced(local) && arms[other].Accuracy >= arms[local].Accuracy && seconds[other] * (1 + Doubt) < seconds[local]);
        var exits = locals.Where(local => arms[local].Arm.Exit != 0 && IsChoice(local) && !IsBeaten(local)).GroupBy(IsForced).SelectMany(kind => kind.OrderBy(local => seconds[local]).Take(MaxExits));
        return [.. locals.Where(local => arms[local].Arm.Exit == 0).Concat(exits).Order()];
    }

    private static double SecondsOf(ImmutableArray<ArmDescription> arms, int local, HeadProfile heads)
    {
        var description = arms[local];
        var (variant, head) = (description.Arm.Variant, ArmPruning.HeadSeconds(heads, description.Arm.Variant, description.Arm.Cut));
        var last = arms.LastOrDefault(arm => arm.Arm is { IsOnDevice: true, Exit: 0 } && arm.Arm.Variant == variant)?.Arm.Cut ?? heads.CountOf(variant) - 1;
        return head + description.ExitSeconds + (description.Arm.Exit == 0 ? 0 : (1 - description.ExitRate) * Math.Max(0, ArmPruning.HeadSeconds(heads, variant, last) - head));
    }
}
