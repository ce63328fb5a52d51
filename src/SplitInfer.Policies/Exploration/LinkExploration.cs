using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Decides when to send a larger payload to check whether the link to a server has become faster, while the best arm, which uses that
/// server, sends too few bits to show it. The average cost of these checks is bounded.
/// </summary>
internal sealed class LinkExploration
{
    /// <summary>Average cost of the checks, relative to the best arm's cost.</summary>
    private const double Budget = 0.002;

    /// <summary>Checks look for a link that needs this share of the present time per bit, if another arm would then save at least this much.</summary>
    private const double HopedPart = 0.25, MinGain = 0.03;

    /// <summary>If the relative variance of s exceeds this, the link may be arbitrarily fast.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    private const double WorthRacing = 1.5;

    /// <summary>Minimum number of decisions for which a link is assumed to stay as it is.</summary>
    private const int MinStay = 50;

    /// <summary>Minimum number of decisions before checking whether the link has recovered.</summary>
    private const int MinInterval = 1;

    private int _blind;
    private bool _hasSampled;
    private long _sampled;
    private int _blindBefore;

    /// <summary>Counts a decision whose best arm uses the server. Returns the arm to explore, if any.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="best">The arm that is expected to cost least.</param>
    /// <param name="interval">Minimum number of decisions between two checks.</param>
    /// <param name="sequence">The decision.</param>
    public ExploratoryArm? Next(CostModel costs, int best, int interval, long sequence)
    {
        _blindBefore = ++_blind;
        var next = Recovered(costs, best) ?? Faster(costs, best, interval);
        if (next is not null) _sampled = sequence;
        return next;
    }

    /// <summary>The exit of a request answered, so that it was not sent; if it was a check, the next one is due at once.</summary>
    public void Left(long sequence)
    {
        if (sequence == _sampled) _blind = Math.Max(_blind, _blindBefore);
    }

    // Has the link recovered? The longer it has been slow, the rarer the checks: their ages form a geometric progression whose ratio
    // depends on price over gain, so that the total cost grows with the logarithm of the age.
    private ExploratoryArm? Recovered(CostModel costs, int best)
    {
        if (costs.LinkOf(best).History.Age == 0 || FindInformativeArm(costs, best, costs.LinkOf(best).History.Link) is not { } hope) return null;
        return _blind > Math.Max(costs.LinkOf(best).History.Age * hope.Price / (2 * hope.Gain), MinInterval) ? Take(costs, hope.Arm) : null;
    }

    // Is it faster than ever before?
    private ExploratoryArm? Faster(CostModel costs, int best, int interval)
    {
        var part = costs.LinkOf(best).RelativeVariance > UnknownVariance ? 0 : HopedPart;
        if (FindInformativeArm(costs, best, costs.LinkOf(best).Delay.WithTransferShare(part)) is not { } hope || hope.Gain < MinGain) return null;
        // Without races the interval follows the same rule as in ServerExploration.
        if (!costs.Arms.CanRace) return _blind > Math.Max(interval, Math.Sqrt(2 * MinStay * Math.Max(hope.Price, 0) / hope.Gain)) ? Take(costs, hope.Arm) : null;
        var isDue = !_hasSampled && part == 0 && hope.Price < 1 ? _blind > 1 : _blind > Math.Max(interval, hope.Price / Budget);
        return isDue ? Take(costs, hope.Arm) : null;
    }

    private ExploratoryArm Take(CostModel costs, int arm)
    {
        (_blind, _hasSampled) = (0, true);
        return new(arm, costs.Arms.CanRace && costs.Mean(costs.Arms.OnDevice) < WorthRacing * costs.Mean(arm));
    }

    // The cheapest arm whose delay would confirm or refute the hypothesis about the link, its extra cost and the saving if the hypothesis
    // is true, both relative to the best arm. Null if the best arm reveals it anyway.
    private static (int Arm, double Price, double Gain)? FindInformativeArm(CostModel costs, int best, in LinkDelay hoped)
    {
        var link = costs.LinkOf(best);
        if (link.CanDistinguish(costs.Bits(best), hoped)) return null;
        var (teller, cheapest, gainer, least) = (-1, double.PositiveInfinity, best, costs.Priced(best));
        foreach (var arm in costs.Arms.ExploredOf(costs.Arms[best].Server))
        {
            var bits = costs.Bits(arm);
            var mean = costs.Priced(arm) - (costs.Exits.Stay(arm) * (link.Mean(bits) - hoped.Mean(bits)));
            if (mean < least) (gainer, least) = (arm, mean);
            if (costs.Priced(arm) < cheapest && link.CanDistinguish(bits, hoped)) (teller, cheapest) = (arm, costs.Priced(arm));
        }

        // If delays scatter so much that a single request reveals nothing, use the arm that would gain most if the hypothesis were true.
        if (teller < 0) teller = gainer;
        return teller == best ? null : (teller, ((costs.Raced(teller) + costs.Toll(teller)) / costs.Priced(best)) - 1, 1 - (least / costs.Priced(best)));
    }
}
