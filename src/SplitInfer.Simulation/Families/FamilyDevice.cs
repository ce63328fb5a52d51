using System.Collections.Immutable;
using SplitInfer.Policies;

namespace SplitInfer.Simulation.Families;

/// <summary>
/// What the device runs for a request of a cell, given what it can know. Where the server chooses, its word takes as long as a reply: out, and back.
/// A device that has heard nothing when it must start in order to answer by the deadline starts by itself. Immutable.
/// </summary>
/// <param name="scenario">The family.</param>
/// <param name="deadline">The deadline, s from the call.</param>
internal sealed class FamilyDevice(FamilyScenario scenario, double deadline)
{
    /// <summary>How many times longer than on average the device takes at most, when it begins by itself.</summary>
    private const double OwnMargin = 1.25;

    // The most accurate variant that it can run by the deadline, else the fastest.
    private readonly int _own = VariantsOf(scenario)
        .OrderByDescending(variant => OwnMargin * MeanOf(scenario, variant) <= deadline ? scenario.Variants[variant].Accuracy : -MeanOf(scenario, variant)).First();

    /// <summary>The variants that the device has, by rising accuracy: its arms, which follow those of the server.</summary>
    public static ImmutableArray<int> VariantsOf(FamilyScenario scenario) =>
        [.. Enumerable.Range(0, scenario.Variants.Length).Where(variant => scenario.Variants[variant].Device is not null).OrderBy(variant => scenario.Variants[variant].Accuracy)];

    /// <summary>What it runs where it is to answer alone, and from when on, s from the call.</summary>
    public (int Variant, double Start) Alone(in Decision decision, in FamilyDraw draw)
    {
        var told = Told(draw);
        return told <= OwnStart ? (decision.Arm.Variant, told) : (_own, OwnStart);
    }

    /// <summary>What it runs beside a server unless the reply is there, and from when on, s from the call; null for nothing.</summary>
    public (int Variant, double Start)? Beside(in Decision decision, in FamilyDraw draw)
    {
        // What a policy has the device do for every request it knows beforehand: run from the beginning, or, where nothing is weighed, never.
        if (decision.HedgeAfterSeconds is <= 0) return (decision.Local!.Value.Variant, 0);
        if (decision is { HedgeAfterSeconds: null, InTimeProbability: null }) return null;
        var told = Told(draw);
        if (told > OwnStart) return (_own, OwnStart);
        return decision.HedgeAfterSeconds is { } start ? (decision.Local!.Value.Variant, Math.Max(start, told)) : null;
    }

    private static double MeanOf(FamilyScenario scenario, int variant) => scenario.Variants[variant].Device!.MeanMs / 1e3;

    private double OwnStart => Math.Max(0, deadline - (OwnMargin * MeanOf(scenario, _own)));

    private double Told(in FamilyDraw draw) => scenario.ChoosesOnServer ? (draw.OutMs + draw.BackMs) / 1e3 : 0;
}
