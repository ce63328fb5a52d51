using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.Exploration;

/// <summary>
/// Samples of link and server while the device runs everything and so nothing tells that they have become faster. They
/// are races, and cost next to nothing, where the device can race.
/// </summary>
internal sealed class ServerSamples(int interval)
{
    private const double Hope = 0.25;

    /// <summary>With the link less certain than this, relative to itself, it may be as fast as one pleases.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    private const int MinStay = 50;

    /// <summary>Decisions to wait for a reply before a race is taken to have brought none.</summary>
    private const int Patience = 4;

    /// <summary>Decisions between two trials that are not due.</summary>
    private const int TrialInterval = 2;

    /// <summary>Samples look for link and server taking these parts of the time that is believed, in turn.</summary>
    private static ReadOnlySpan<double> Hopes => [Hope, 1, Hope / 16];

    private int _alone;
    private int _stay;
    private int _untried;
    private int _samples;
    private long _awaited;

    /// <summary>Whether a race is still expected to tell something.</summary>
    public bool IsWaiting(long sequence) => _awaited > 0 && sequence - _awaited <= Patience;

    /// <summary>A reply has come.</summary>
    public void Answered(long sequence)
    {
        if (sequence >= _awaited) _awaited = 0;
    }

    /// <summary>Link or server have just changed: what was seen is to be seen once more before long.</summary>
    public void Changed() => _alone = Math.Max(_alone, interval - 1);

    /// <summary>A race was begun.</summary>
    public void Begin(long sequence) => _awaited = sequence;

    /// <summary>The best arm is not the device.</summary>
    public void Reset() => (_alone, _stay) = (0, 0);

    /// <summary>Counts a decision whose best arm is the device. Says which arm to race, if any, or −1.</summary>
    /// <param name="costs">What arms cost.</param>
    /// <param name="promising">An arm that is worth trying, or the device.</param>
    /// <param name="sequence">The decision.</param>
    public int Next(CostModel costs, int promising, long sequence)
    {
        _alone++;
        _stay++;
        _untried++;
        if (IsWaiting(sequence)) return -1;
        if (!costs.Arms.CanRace)
        {
            var sample = CheapestThatTells(costs, interval);
            if (sample >= 0) _alone = 0;
            return sample;
        }

        if (_alone > interval)
        {
            _alone = 0;
            return BestIf(costs, Hopes[_samples++ % Hopes.Length]);
        }

        if (promising == costs.Arms.OnDevice || _untried <= TrialInterval) return -1;
        _untried = 0;
        if (costs.Link.Tells(costs.Bits(promising), Hope)) _alone = 0;
        return promising;
    }

    // Without a race a sample has its price. Every K decisions it costs price/K each, and finds a faster link K/2 decisions late, at
    // the gain that is missed. With a link taken to stay as it is for about as long as it has been, T, that is least at √(2·T·price/gain).
    private int CheapestThatTells(CostModel costs, int interval)
    {
        var part = costs.Link.RelativeVariance > UnknownVariance ? 0 : Hope;
        var (teller, cheapest, hoped, device) = (-1, double.PositiveInfinity, double.PositiveInfinity, costs.Mean(costs.Arms.OnDevice));
        foreach (var arm in costs.Arms.Remote)
        {
            hoped = Math.Min(hoped, costs.Device.Mean(arm) + (part * costs.Remote(arm)));
            if (costs.Mean(arm) < cheapest && costs.Link.Tells(costs.Bits(arm), part)) (teller, cheapest) = (arm, costs.Mean(arm));
        }

        if (teller < 0 || hoped >= device) return -1;
        var due = Math.Sqrt(2 * Math.Max(_stay, MinStay) * Math.Max(cheapest - device, 0) / (device - hoped));
        return _alone > Math.Max(interval, due) ? teller : -1;
    }

    private static int BestIf(CostModel costs, double part)
    {
        var (best, lowest) = (-1, double.PositiveInfinity);
        foreach (var arm in costs.Arms.Remote)
        {
            var cost = costs.Device.Mean(arm) + (part * costs.Remote(arm));
            if (cost < lowest) (best, lowest) = (arm, cost);
        }

        return best;
    }
}
