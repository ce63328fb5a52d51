using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Samples of link and server while the device runs everything and so nothing tells that they have become faster. They
/// are races, and cost next to nothing, where the device can race.
/// </summary>
internal sealed class ServerSamples
{
    /// <summary>Samples look for link and server taking these parts of the time that is believed, in turn.</summary>
    private const double Hope = 0.25, HighHope = Hope / 16;

    /// <summary>With the link less certain than this, relative to itself, it may be as fast as one pleases.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    /// <summary>How many times rarer a link becomes as fast as it is highly hoped to.</summary>
    private const double HighHopeRarity = 16;

    private const int MinStay = 50;

    /// <summary>Decisions to wait for a reply before a race is taken to have brought none.</summary>
    private const int Patience = 4;

    /// <summary>Decisions between two trials that are not due.</summary>
    private const int TrialInterval = 2;

    /// <summary>Trials that leave the device the best become rarer by this.</summary>
    private const int TrialGrowth = 3;

    /// <summary>Decisions from a change to the first sample, and by how much the next one is farther off.</summary>
    private const int FirstGap = 2, GapGrowth = 8;

    private readonly int _interval;
    private int _gap;
    private int _alone;
    private int _stay;
    private int _trialGap = TrialInterval;
    private int _untried;
    private int _samples;
    private long _awaited;

    /// <param name="interval">The most decisions between two samples.</param>
    public ServerSamples(int interval) => _interval = _gap = interval;

    /// <summary>Whether a race is still expected to tell something.</summary>
    public bool IsWaiting(long sequence) => _awaited > 0 && sequence - _awaited <= Patience;

    /// <summary>A reply has come.</summary>
    public void Answered(long sequence)
    {
        if (sequence >= _awaited) _awaited = 0;
    }

    /// <summary>Link or server have just changed: what was seen is to be seen once more before long.</summary>
    public void Changed() => (_gap, _stay) = (Math.Min(FirstGap, _interval), 0);

    /// <summary>A race was begun.</summary>
    public void Begin(long sequence) => _awaited = sequence;

    /// <summary>The best arm is not the device.</summary>
    public void Reset() => (_alone, _stay, _samples, _trialGap) = (0, 0, 0, TrialInterval);

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
            var sample = CheapestThatTells(costs);
            if (sample >= 0)
            {
                (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
                return sample;
            }
        }
        else if (_alone > _gap)
        {
            (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
            return (_samples++ % 3) switch
            {
                0 => BestIf(costs, costs.Link.Memory.Age > 0 ? costs.Link.Memory.Link : costs.Link.Delay.Faster(Hope), Hope),
                2 => BestIf(costs, costs.Link.Delay.Faster(HighHope), HighHope),
                _ => Likeliest(costs),
            };
        }

        if (promising == costs.Arms.OnDevice || _untried <= _trialGap) return -1;
        (_alone, _untried, _trialGap) = (0, 0, Math.Min(TrialGrowth * _trialGap, TrialGrowth * _interval));
        return promising;
    }

    // Without a race a sample has its price. Every K decisions it costs price/K each, and finds a faster link or server K/2 decisions
    // late, at the gain that is missed. With a world taken to stay as it is for about as long as it has, T, that is least at
    // √(2·T·price/gain).
    private int CheapestThatTells(CostModel costs)
    {
        var device = costs.Mean(costs.Arms.OnDevice);
        var link = costs.Link.Memory.Age > 0 ? costs.Link.Memory.Link : costs.Link.Delay.Faster(costs.Link.RelativeVariance > UnknownVariance ? 0 : Hope);
        var gainsByLink = BestIf(costs, link, tailPart: 1);
        var isHigh = MeanIf(costs, gainsByLink, link) >= device;
        if (isHigh)
        {
            link = costs.Link.Delay.Faster(0);
            gainsByLink = BestIf(costs, link, tailPart: 1);
        }

        var (tellsLink, tellsServer) = (-1, costs.Arms.Remote[0]);
        var (hopedServer, muchHoped) = (double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in costs.Arms.Remote)
        {
            var mean = costs.Mean(arm);
            hopedServer = Math.Min(hopedServer, mean - ((1 - Hope) * costs.Tail(arm)));
            muchHoped = Math.Min(muchHoped, mean - ((1 - HighHope) * costs.Tail(arm)));
            if (mean < costs.Mean(tellsServer)) tellsServer = arm;
            if ((tellsLink < 0 || mean < costs.Mean(tellsLink)) && costs.Link.Tells(costs.Bits(arm), link)) tellsLink = arm;
        }

        // Where delays scatter so much that one request tells nothing, only requests that gain if the hope is true will ever tell.
        if (tellsLink < 0) tellsLink = gainsByLink;
        if (IsDue((isHigh ? HighHopeRarity : 1) * (costs.Mean(tellsLink) - device), device - MeanIf(costs, gainsByLink, link))) return tellsLink;
        return IsDue(costs.Mean(tellsServer) - device, device - (hopedServer < device ? hopedServer : muchHoped)) ? tellsServer : -1;
    }

    private bool IsDue(double price, double gain) =>
        gain > 0 && _alone > Math.Max(_gap, Math.Sqrt(2 * Math.Max(_stay, MinStay) * Math.Max(price, 0) / gain));

    // The arm that is likeliest to be faster than the device: by standard deviations of the difference.
    private static int Likeliest(CostModel costs)
    {
        var device = costs.Arms.OnDevice;
        var (likeliest, highest) = (costs.Arms.Remote[0], double.NegativeInfinity);
        foreach (var arm in costs.Arms.Remote)
        {
            var variance = costs.Covariance(arm, arm) - (2 * costs.Covariance(arm, device)) + costs.Covariance(device, device);
            var deviations = (costs.Mean(device) - costs.Mean(arm)) / Math.Sqrt(Math.Max(variance, double.Epsilon));
            if (deviations > highest) (likeliest, highest) = (arm, deviations);
        }

        return likeliest;
    }

    private static int BestIf(CostModel costs, in LinkDelay link, double tailPart)
    {
        var best = costs.Arms.Remote[0];
        foreach (var arm in costs.Arms.Remote)
            if (MeanIf(costs, arm, link, tailPart) < MeanIf(costs, best, link, tailPart)) best = arm;
        return best;
    }

    private static double MeanIf(CostModel costs, int arm, in LinkDelay link, double tailPart = 1) =>
        costs.Device.Mean(arm) + link.Mean(costs.Bits(arm)) + (tailPart * costs.Tail(arm));
}
