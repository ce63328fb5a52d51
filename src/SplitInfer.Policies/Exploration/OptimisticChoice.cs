using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Chooses the arm with the lowest confidence bound, as in UCB. The width of the bound counts only the information that the arm would
/// provide beyond what the best arm provides anyway.
/// </summary>
/// <remarks>
/// <code>
/// b       the arm that is expected to cost least
/// m_p     expected cost of arm p; k_p its known part, r_p its learned part: m = k + r
/// C       covariance of the costs
/// R_p     variance of the noise of a measurement of arm p
/// σ²(q)   by how much taking q is expected to move m_p − m_b, squared: (C_pq − C_bq)² / (C_qq + R_q)
/// s_p     probability that p's exit does not answer, without which link and tail show nothing; 1 without an exit
/// w²      s_p·σ²(p) − s_b·σ²(b), at least 0
/// bound   k_p + r_p·exp(−κ·w/r_p): about m_p − κ·w, but never less than the known part
/// κ       width: smaller on a key frame
/// </code>
/// Uncertainty that all arms share, such as the speed of the server, cancels out in m_p − m_b and therefore never causes an arm to be tried.
/// </remarks>
internal static class OptimisticChoice
{
    /// <summary>An arm that may well cost more than this many times the best arm is not tried.</summary>
    private const double MaxPrice = 4;

    /// <summary>The part of what is not known of an exit's rate that counts: it takes many requests to know more, all of which have their price.</summary>
    private const double Curiosity = 0.5;

    /// <summary>Chooses; <paramref name="best"/> where no other arm is worth trying.</summary>
    public static int Choose(CostModel costs, int best, double width)
    {
        var bestVariance = costs.Covariance(best, best);
        var bestDeviation = Math.Sqrt(bestVariance);
        var stayOfBest = costs.Exits.Stay(best);
        var (chosen, lowest) = (best, costs.Priced(best));
        var noiseOfDevice = costs.Device.Noise.Variance;
        for (var local = costs.Arms.Remotes; local < costs.Arms.Main + 1 && costs.Arms.Remotes < costs.Arms.Main; local++)
        {
            // What is known of one variant on the device says little of another one that was never run there.
            if (local == best || !costs.Arms.MayRun(local)) continue;
            var (mean, own, shared) = (costs.Mean(local), costs.Covariance(local, local), costs.Covariance(local, best));
            var byTrying = own + (noiseOfDevice * mean * mean);
            var byBest = bestVariance + (noiseOfDevice * costs.Mean(best) * costs.Mean(best));
            var taught = ((own - shared) * (own - shared) / byTrying) - ((shared - bestVariance) * (shared - bestVariance) / byBest);
            var exit = Curiosity * costs.ExitDeviation(local, best);
            var bound = mean * Math.Exp(-width * Math.Sqrt(Math.Max(taught, 0) + (exit * exit)) / mean);
            if (bound < lowest && mean + Math.Sqrt(own) < MaxPrice * costs.Mean(best)) (chosen, lowest) = (local, bound);
        }

        foreach (var server in costs.Open)
        {
            var noise = costs.Servers[server].Link.RequestNoise.Variance;
            var noiseOfBest = best == costs.Arms.OnDevice ? noise : costs.LinkOf(best).RequestNoise.Variance;
            var byStaying = bestVariance + (noiseOfBest * costs.Mean(best) * costs.Mean(best));
            foreach (var arm in costs.Arms.ExploredOf(server))
            {
                var (mean, remote) = (costs.Priced(arm), costs.Remote(arm));
                if (arm == best || mean - remote >= lowest) continue;

                // σ(p) ≤ √C_pp + √C_bb for any C_pb, so that C_pb is not needed for most arms.
                var own = costs.Covariance(arm, arm);
                var stay = costs.Exits.Stay(arm);
                var (payload, exit) = (stay * costs.PayloadDeviation(arm), Curiosity * costs.ExitDeviation(arm, best));
                if (mean - (width * (Math.Sqrt(own) + bestDeviation + payload + exit)) >= lowest) continue;

                var shared = costs.Covariance(arm, best);
                var byTrying = own + (noise * remote * remote);
                var taught = (stay * (own - shared) * (own - shared) / byTrying) - (stayOfBest * (shared - bestVariance) * (shared - bestVariance) / byStaying);
                var deviation = width * Math.Sqrt(Math.Max(taught, 0) + (payload * payload) + (exit * exit));
                if (mean - deviation >= lowest) continue;

                var bound = mean - remote + (remote * Math.Exp(-deviation / remote));
                if (bound < lowest && Worst(costs, arm, own) < MaxPrice * costs.Mean(best)) (chosen, lowest) = (arm, bound);
            }
        }

        return chosen;
    }

    // Pessimistic cost of trying an arm; a race bounds it.
    private static double Worst(CostModel costs, int arm, double variance)
    {
        var alone = costs.Mean(arm) + Math.Sqrt(variance);
        return costs.Arms.CanRace ? Math.Min(alone, RaceModel.Overhead * costs.Mean(costs.Arms.OnDevice)) : alone;
    }
}
