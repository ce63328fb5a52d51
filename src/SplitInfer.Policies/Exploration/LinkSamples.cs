using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Samples of the link to one server while the best arm, which is the server's, sends so little that it would not show if the link became faster. Such a
/// sample costs something, so that they are as rare as their price demands.
/// </summary>
internal sealed class LinkSamples
{
    /// <summary>What samples may cost on average, as a part of the best arm's cost.</summary>
    private const double Budget = 0.002;

    /// <summary>A link that is this much faster is worth knowing of, if another arm would then cost this much less.</summary>
    private const double HopedPart = 0.25, MinGain = 0.03;

    /// <summary>With s less certain than this, relative to itself, the link may be as fast as one pleases.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    private const double WorthRacing = 1.5;

    /// <summary>Decisions for which a link is taken to stay as it is, at least.</summary>
    private const int MinStay = 50;

    /// <summary>Decisions to let pass before the link may have gone back to what it was.</summary>
    private const int MinInterval = 1;

    private int _blind;
    private bool _hasSampled;

    /// <summary>Counts a decision whose best arm is one of the server's. Says what to sample, if anything.</summary>
    /// <param name="costs">What arms cost.</param>
    /// <param name="best">The arm that is expected to cost least.</param>
    /// <param name="interval">The fewest decisions between two samples.</param>
    public Sample? Next(CostModel costs, int best, int interval)
    {
        _blind++;
        return Recovered(costs, best) ?? Faster(costs, best, interval);
    }

    // Is the link again what it was? The longer it has not been, the rarer the samples: at ages in geometric progression, by
    // price over gain, so that all of them together cost no more than grows with the logarithm of the age.
    private Sample? Recovered(CostModel costs, int best)
    {
        if (costs.LinkOf(best).Memory.Age == 0 || Hope(costs, best, costs.LinkOf(best).Memory.Link) is not { } hope) return null;
        return _blind > Math.Max(costs.LinkOf(best).Memory.Age * hope.Price / (2 * hope.Gain), MinInterval) ? Take(costs, hope.Arm) : null;
    }

    // Is it faster than it ever was?
    private Sample? Faster(CostModel costs, int best, int interval)
    {
        var part = costs.LinkOf(best).RelativeVariance > UnknownVariance ? 0 : HopedPart;
        if (Hope(costs, best, costs.LinkOf(best).Delay.Faster(part)) is not { } hope || hope.Gain < MinGain) return null;
        // One that is no race is due when ServerSamples would say so.
        if (!costs.Arms.CanRace) return _blind > Math.Max(interval, Math.Sqrt(2 * MinStay * Math.Max(hope.Price, 0) / hope.Gain)) ? Take(costs, hope.Arm) : null;
        var isDue = !_hasSampled && part == 0 && hope.Price < 1 ? _blind > 1 : _blind > Math.Max(interval, hope.Price / Budget);
        return isDue ? Take(costs, hope.Arm) : null;
    }

    private Sample Take(CostModel costs, int arm)
    {
        (_blind, _hasSampled) = (0, true);
        return new(arm, costs.Arms.CanRace && costs.Mean(costs.Arms.OnDevice) < WorthRacing * costs.Mean(arm));
    }

    // The cheapest arm that would tell whether the link is the one that is hoped for, what it costs beyond the best arm, and
    // what would be saved if so, both relative to the best arm. Null where the best arm tells it anyway.
    private static (int Arm, double Price, double Gain)? Hope(CostModel costs, int best, in LinkDelay hoped)
    {
        var link = costs.LinkOf(best);
        if (link.Tells(costs.Bits(best), hoped)) return null;
        var (teller, cheapest, gainer, least) = (-1, double.PositiveInfinity, best, costs.Mean(best));
        foreach (var arm in costs.Arms.ExploredOf(costs.Arms[best].Server))
        {
            var bits = costs.Bits(arm);
            var mean = costs.Mean(arm) - link.Mean(bits) + hoped.Mean(bits);
            if (mean < least) (gainer, least) = (arm, mean);
            if (costs.Mean(arm) < cheapest && link.Tells(bits, hoped)) (teller, cheapest) = (arm, costs.Mean(arm));
        }

        // Where delays scatter so much that one request tells nothing, only requests that gain if the hope is true will ever tell.
        if (teller < 0) teller = gainer;
        return teller == best ? null : (teller, (costs.Raced(teller) / costs.Mean(best)) - 1, 1 - (least / costs.Mean(best)));
    }
}
