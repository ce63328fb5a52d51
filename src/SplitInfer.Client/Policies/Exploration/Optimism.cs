using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.Exploration;

/// <summary>
/// Which arm is worth taking when an arm may be cheaper than believed: the one of the lowest lower bound, as in UCB, but
/// with a width that counts only what taking the arm would teach beyond what the best arm teaches anyway.
/// </summary>
/// <remarks>
/// <code>
/// b       the arm that is expected to cost least
/// m_p     expected cost of arm p; k_p its known part, r_p its learned part: m = k + r
/// C       covariance of the costs
/// R_p     variance of the noise of a measurement of arm p
/// σ²(p|q) (C_pp' …): by how much taking q would move m_p − m_b:  (C_pq − C_bq)² / (C_qq + R_q)
/// w²      σ²(p|p) − σ²(p|b), at least 0
/// bound   k_p + r_p·exp(−κ·w/r_p): about m_p − κ·w, but never less than the known part
/// κ       width: smaller on a key frame
/// </code>
/// What all arms have in common, such as how slow the server is, cancels out in m_p − m_b and so never makes one arm
/// worth trying for it.
/// </remarks>
internal static class Optimism
{
    /// <summary>A trial that may well cost more than this many times the best arm is not made.</summary>
    private const double MaxPrice = 4;

    public static int Choose(CostModel costs, int best, double width)
    {
        var bestVariance = costs.Covariance(best, best);
        var (chosen, lowest) = (best, costs.Mean(best));
        foreach (var arm in costs.Arms.Remote)
        {
            if (arm == best) continue;
            var bound = Bound(costs, arm, best, bestVariance, width);
            if (bound < lowest) (chosen, lowest) = (arm, bound);
        }

        return chosen;
    }

    private static double Bound(CostModel costs, int arm, int best, double bestVariance, double width)
    {
        var (mean, remote) = (costs.Mean(arm), costs.Remote(arm));
        if (mean - remote >= costs.Mean(best)) return double.PositiveInfinity;
        var (own, shared) = (costs.Covariance(arm, arm), costs.Covariance(arm, best));
        var worst = mean + Math.Sqrt(own);
        if (costs.Arms.AllowsOnDevice) worst = Math.Min(worst, CostModel.RaceOverhead * costs.Mean(costs.Arms.OnDevice));
        if (worst > MaxPrice * costs.Mean(best)) return double.PositiveInfinity;

        var noise = costs.Link.RequestNoise.Variance;
        var byTrying = (own - shared) * (own - shared) / (own + (noise * remote * remote));
        var byStaying = (shared - bestVariance) * (shared - bestVariance) / (bestVariance + (noise * costs.Mean(best) * costs.Mean(best)));
        var deviation = width * Math.Sqrt(Math.Max(0, byTrying - byStaying));
        return mean - remote + (remote * Math.Exp(-deviation / remote));
    }
}
