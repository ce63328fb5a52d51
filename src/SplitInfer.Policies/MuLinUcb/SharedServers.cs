using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// Keeps clients that share servers from all turning to the same one at the same time: what is better is not turned to at once, but with a probability. Does nothing before
/// a server has named a price. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// home   the arm that was settled on; g the part of what it costs, toll included, that the best arm would save
/// stay   while g is below <see cref="Least"/> of the expected time at home, which bounds what staying costs
/// move   otherwise with probability 1 − exp(−Pace·g·Δt) in Δt seconds since the last decision
/// leave  sooner where the best arm also takes less time, by more than <see cref="Much"/>: nobody stays for the sake of others
/// </code>
/// Where many clients see the same prices, so few of them move while a price follows that it never overshoots, and the nearer they are to where nobody gains by moving, the fewer move.
/// </remarks>
/// <param name="seed">Makes the draws.</param>
internal sealed class SharedServers(int seed)
{
    /// <summary>What must be gained for a move, as a part of the time at home.</summary>
    private const double Least = 0.01;

    /// <summary>Moves in a second where everything would be saved.</summary>
    private const double Pace = 0.3;

    /// <summary>From this part of the time at home on, what would be saved is worth leaving at once but for a draw in so many decisions.</summary>
    private const double Much = 0.1, LeaveShare = 0.25;

    private const double TwoToMinus53 = 1.0 / (1UL << 53);

    private ulong _state = (ulong)(uint)seed * 0x9E3779B97F4A7C15;
    private int _home = -1;
    private double _at;

    /// <summary>The arm to take where the best is another one than before.</summary>
    /// <param name="costs">Estimated costs of the arms, at a decision for which <see cref="CostModel.Advance"/> was called.</param>
    /// <param name="best">The arm that costs least, toll included.</param>
    public int Settle(CostModel costs, int best)
    {
        var elapsed = Math.Max(costs.Now - _at, 0);
        _at = costs.Now;
        if (_home < 0 || _home == best || !costs.IsPriced) return _home = best;
        if (!CanStay(costs, _home)) return best;
        var (gain, saved) = (costs.Priced(_home) - costs.Priced(best), costs.Mean(_home) - costs.Mean(best));
        if (gain < Least * costs.Mean(_home)) return _home;
        var moves = 1 - Math.Exp(-Pace * elapsed * gain / costs.Priced(_home));
        if (saved > Much * costs.Mean(_home) && costs.Toll(best) <= costs.Toll(_home)) moves = Math.Max(moves, LeaveShare);
        if (Draw() < moves) _home = best;
        return _home;
    }

    private static bool CanStay(CostModel costs, int home)
    {
        if (costs.Arms[home].IsOnDevice) return costs.Arms.MayRun(home);
        return costs.Arms.MayBeTaken(home) && costs.Arms.IsAccurate(home) && costs.Open.Contains(costs.Arms[home].Server) && costs.Arms.RemoteOf(costs.Arms[home].Server).Contains(home);
    }

    // SplitMix64.
    private double Draw()
    {
        var x = _state += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return ((x ^ (x >> 31)) >> 11) * TwoToMinus53;
    }
}
