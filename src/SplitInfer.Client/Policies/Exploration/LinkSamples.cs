using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.Exploration;

/// <summary>
/// Samples of the link while the best arm sends so little that it would not show if the link became faster. Such a
/// sample costs something, so that they are as rare as their price demands.
/// </summary>
internal sealed class LinkSamples
{
    /// <summary>What samples may cost on average, as a part of the best arm's cost.</summary>
    private const double Budget = 0.002;

    /// <summary>A link that is this much faster is worth knowing of, if another arm would then cost this much less.</summary>
    private const double HopedPart = 0.25, HopedCost = 0.97;

    /// <summary>With s less certain than this, relative to itself, the link may be as fast as one pleases.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    private const double WorthRacing = 1.5;

    private int _blind;
    private bool _hasSampled;

    /// <summary>Counts a decision whose best arm is not the device. Says what to sample, if anything.</summary>
    /// <param name="costs">What arms cost.</param>
    /// <param name="best">The arm that is expected to cost least.</param>
    /// <param name="interval">The fewest decisions between two samples.</param>
    public Sample? Next(CostModel costs, int best, int interval)
    {
        var part = costs.Link.RelativeVariance > UnknownVariance ? 0 : HopedPart;
        if (costs.Link.Tells(costs.Bits(best), part)) return null;
        var (teller, cheapest, hoped) = (-1, double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in costs.Arms.Remote)
        {
            hoped = Math.Min(hoped, costs.Mean(arm) - ((1 - part) * costs.Link.SecondsPerBit * costs.Bits(arm)));
            if (costs.Mean(arm) < cheapest && costs.Link.Tells(costs.Bits(arm), part)) (teller, cheapest) = (arm, costs.Mean(arm));
        }

        if (teller < 0 || hoped > HopedCost * costs.Mean(best)) return null;
        _blind++;
        var price = (costs.Raced(teller) / costs.Mean(best)) - 1;
        var isDue = !_hasSampled && part == 0 && price < 1 ? _blind > 1 : _blind > Math.Max(interval, price / Budget);
        if (!isDue) return null;
        (_blind, _hasSampled) = (0, true);
        return new(teller, costs.Arms.CanRace && costs.Mean(costs.Arms.OnDevice) < WorthRacing * costs.Mean(teller));
    }
}
