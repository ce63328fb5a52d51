using SplitInfer.Policies;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>How the default policy compares with all others in one world.</summary>
/// <param name="World">The world's name.</param>
/// <param name="Excess">The default's excess over the oracle, as a part of it, noise left out.</param>
/// <param name="BestBaseline">Whoever else came closest to the oracle.</param>
/// <param name="BestExcess">The excess of that one.</param>
internal sealed record WorldComparison(string World, double Excess, string BestBaseline, double BestExcess)
{
    /// <summary>How much more the default cost, as a part of the oracle's cost; negative where it cost less.</summary>
    public double Lag => Excess - BestExcess;

    /// <summary>Compares rows of one world.</summary>
    public static WorldComparison Of(IReadOnlyCollection<PolicyRow> rows)
    {
        var own = rows.First(static r => r.Policy == PolicyNames.MuLinUcb);
        var best = rows.Where(static r => r.Policy != PolicyNames.MuLinUcb).MinBy(static r => r.NoiseFreeExcessRatio)!;
        return new(own.Scenario, own.NoiseFreeExcessRatio, best.Policy, best.NoiseFreeExcessRatio);
    }
}
