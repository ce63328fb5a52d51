using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Samples of one server and its link while the best arm is elsewhere and so nothing tells that they have become faster. They
/// are races, and cost next to nothing, where the best arm is the device and it can race.
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

    /// <summary>What samples may cost on average while another server is best, as a part of the best arm's cost.</summary>
    private const double Budget = 0.004;

    /// <summary>Requests over which the rate of overdue replies is taken.</summary>
    private const double RateMemory = 50;

    /// <summary>Rate of overdue replies above which the delays of single requests are worth betting on.</summary>
    private const double MinOverdueRate = 0.5 / RateMemory;

    /// <summary>What is gained, as a part of the device's cost, where a race finds that the server is worth using again.</summary>
    private const double UsualGain = 0.4;

    private readonly int _server;
    private readonly int _interval;
    private readonly double _budget;
    private int _gap;
    private int _alone;
    private int _stay;
    private int _trialGap = TrialInterval;
    private int _untried;
    private int _samples;
    private long _awaited;
    private double _overdueRate;

    /// <param name="server">The server.</param>
    /// <param name="servers">How many servers there are, which share the samples among them.</param>
    /// <param name="interval">The most decisions between two samples of any server while the device is best.</param>
    public ServerSamples(int server, int servers, int interval)
    {
        (_server, _budget) = (server, Budget / Math.Max(1, servers - 1));
        _interval = _gap = interval * servers;
    }

    /// <summary>Whether a race is still expected to tell something.</summary>
    public bool IsWaiting(long sequence) => _awaited > 0 && sequence - _awaited <= Patience;

    /// <summary>A reply has come.</summary>
    public void Answered(long sequence)
    {
        if (sequence >= _awaited) _awaited = 0;
    }

    /// <summary>Whether replies have been overdue of late.</summary>
    public bool IsVolatile => _overdueRate > MinOverdueRate;

    /// <summary>A race was begun that is expected to pay.</summary>
    public void Raced(long sequence) => (_alone, _awaited) = (0, sequence);

    /// <summary>A reply was overdue: the link or the server had become slow.</summary>
    public void Overdue() => _overdueRate += 1 / RateMemory;

    /// <summary>Link or server have just changed: what was seen is to be seen once more before long.</summary>
    public void Changed() => (_gap, _stay) = (Math.Min(FirstGap, _interval), 0);

    /// <summary>A race was begun.</summary>
    public void Begin(long sequence) => _awaited = sequence;

    /// <summary>The best arm is one of the server's.</summary>
    public void Reset()
    {
        (_alone, _stay, _samples, _trialGap) = (0, 0, 0, TrialInterval);
        _overdueRate -= _overdueRate / RateMemory;
    }

    /// <summary>Counts a decision whose best arm is elsewhere.</summary>
    public void Count()
    {
        _alone++;
        _stay++;
        _untried++;
        _overdueRate -= _overdueRate / RateMemory;
    }

    /// <summary>Says which of the server's arms to sample at a decision that was counted, if any, or −1.</summary>
    /// <param name="costs">What arms cost.</param>
    /// <param name="best">The best arm: the device, or one of another server.</param>
    /// <param name="promising">An arm that is worth trying, or <paramref name="best"/>.</param>
    /// <param name="sequence">The decision.</param>
    public int Next(CostModel costs, int best, int promising, long sequence)
    {
        if (IsWaiting(sequence)) return -1;
        if (!costs.Arms.CanRace || best != costs.Arms.OnDevice)
        {
            var sample = CheapestThatTells(costs, best);
            if (sample >= 0)
            {
                (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
                return sample;
            }
        }
        else if (_alone > Math.Min(_gap, VolatileGap))
        {
            (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
            return (_samples++ % 3) switch
            {
                0 => BestIf(costs, costs.Servers[_server].Link.Memory.Age > 0 ? costs.Servers[_server].Link.Memory.Link : costs.Servers[_server].Link.Delay.Faster(Hope), Hope),
                2 => BestIf(costs, costs.Servers[_server].Link.Delay.Faster(HighHope), HighHope),
                _ => Likeliest(costs),
            };
        }

        if (promising == best || costs.Arms[promising].Server != _server || _untried <= _trialGap) return -1;
        (_alone, _untried, _trialGap) = (0, 0, Math.Min(TrialGrowth * _trialGap, TrialGrowth * _interval));
        return promising;
    }

    // What becomes slow often recovers as often, say at a rate p. A race every K decisions costs (overhead − 1)/K each, and finds a
    // recovery K/2 decisions late: least at K = √(2·(overhead − 1)/(p·gain)).
    private double VolatileGap => Math.Sqrt(2 * (RaceModel.Overhead - 1) / (_overdueRate * UsualGain));

    // Such a sample has its price. Every K decisions it costs price/K each, and finds a faster link or server K/2 decisions
    // late, at the gain that is missed. With a world taken to stay as it is for about as long as it has, T, that is least at
    // √(2·T·price/gain).
    private int CheapestThatTells(CostModel costs, int best)
    {
        var (least, arms) = (costs.Mean(best), costs.Arms.ExploredOf(_server));
        var own = costs.Servers[_server].Link;
        var link = own.Memory.Age > 0 ? own.Memory.Link : own.Delay.Faster(own.RelativeVariance > UnknownVariance ? 0 : Hope);
        var gainsByLink = BestIf(costs, link, tailPart: 1);
        var isHigh = MeanIf(costs, gainsByLink, link) >= least;
        if (isHigh)
        {
            link = own.Delay.Faster(0);
            gainsByLink = BestIf(costs, link, tailPart: 1);
        }

        var (tellsLink, tellsServer) = (-1, arms[0]);
        var (hopedServer, muchHoped) = (double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in arms)
        {
            var mean = costs.Mean(arm);
            hopedServer = Math.Min(hopedServer, mean - ((1 - Hope) * costs.Tail(arm)));
            muchHoped = Math.Min(muchHoped, mean - ((1 - HighHope) * costs.Tail(arm)));
            if (mean < costs.Mean(tellsServer)) tellsServer = arm;
            if ((tellsLink < 0 || mean < costs.Mean(tellsLink)) && own.Tells(costs.Bits(arm), link)) tellsLink = arm;
        }

        // Where delays scatter so much that one request tells nothing, only requests that gain if the hope is true will ever tell.
        if (tellsLink < 0) tellsLink = gainsByLink;
        if (best != costs.Arms.OnDevice && Recovered(costs, least, tellsLink, tellsServer) is >= 0 and var recovered) return recovered;
        var perDecision = best == costs.Arms.OnDevice ? double.PositiveInfinity : _budget * least;
        if (IsDue(perDecision, (isHigh ? HighHopeRarity : 1) * (costs.Raced(tellsLink) - least), least - MeanIf(costs, gainsByLink, link))) return tellsLink;
        return IsDue(perDecision, costs.Raced(tellsServer) - least, least - (hopedServer < least ? hopedServer : muchHoped)) ? tellsServer : -1;
    }

    // Are link or server again what they were? The longer they have not been, the rarer the samples, as in LinkSamples.
    private int Recovered(CostModel costs, double least, int tellsLink, int tellsServer)
    {
        var server = costs.Servers[_server];
        var link = server.Link.Memory.Age > 0 ? server.Link.Memory.Link : server.Link.Delay;
        var age = Math.Max(server.Link.Memory.Age, server.Memory.Age);
        if (age == 0) return -1;
        var teller = server.Memory.Age > 0 ? tellsServer : tellsLink;
        var gain = least - MeanIf(costs, BestIf(costs, link, server.Memory.Part), link, server.Memory.Part);
        return gain > 0 && _alone > Math.Max(age * (costs.Raced(teller) - least) / (2 * gain), 1) ? teller : -1;
    }

    // Where another server is best, what all samples cost is bounded as well.
    private bool IsDue(double perDecision, double price, double gain) =>
        gain > 0 && _alone > Math.Max(_gap, Math.Max(Math.Sqrt(2 * Math.Max(_stay, MinStay) * Math.Max(price, 0) / gain), price / perDecision));

    // The arm that is likeliest to be faster than the device: by standard deviations of the difference.
    private int Likeliest(CostModel costs)
    {
        var arms = costs.Arms.ExploredOf(_server);
        var device = costs.Arms.OnDevice;
        var (likeliest, highest) = (arms[0], double.NegativeInfinity);
        foreach (var arm in arms)
        {
            var variance = costs.Covariance(arm, arm) - (2 * costs.Covariance(arm, device)) + costs.Covariance(device, device);
            var deviations = (costs.Mean(device) - costs.Mean(arm)) / Math.Sqrt(Math.Max(variance, double.Epsilon));
            if (deviations > highest) (likeliest, highest) = (arm, deviations);
        }

        return likeliest;
    }

    private int BestIf(CostModel costs, in LinkDelay link, double tailPart)
    {
        var arms = costs.Arms.ExploredOf(_server);
        var best = arms[0];
        foreach (var arm in arms)
            if (MeanIf(costs, arm, link, tailPart) < MeanIf(costs, best, link, tailPart)) best = arm;
        return best;
    }

    private static double MeanIf(CostModel costs, int arm, in LinkDelay link, double tailPart = 1) =>
        costs.Device.Mean(arm) + link.Mean(costs.Bits(arm)) + (tailPart * costs.Tail(arm));
}
