using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Decides when to use a server that the best arm does not use, because otherwise nothing would show that the server or its link has
/// become faster. If the best arm is the device and it can race, these requests are races and cost next to nothing.
/// </summary>
internal sealed class ServerExploration
{
    /// <summary>Explored in turn: link or server take these shares of their estimated time.</summary>
    private const double Hope = 0.25, HighHope = Hope / 16;

    /// <summary>If the relative variance of the link exceeds this, it may be arbitrarily fast.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    /// <summary>How much less likely the stronger improvement is assumed to be.</summary>
    private const double HighHopeRarity = 16;

    private const int MinStay = 50;

    /// <summary>Decisions after which a race without a reply no longer blocks the next one.</summary>
    private const int Patience = 4;

    /// <summary>Minimum number of decisions between two trials of a promising arm.</summary>
    private const int TrialInterval = 2;

    /// <summary>Growth of that interval while the device remains the best.</summary>
    private const int TrialGrowth = 3;

    /// <summary>Decisions from a change to the first request that verifies it, and growth of the interval afterwards.</summary>
    private const int FirstGap = 2, GapGrowth = 8;

    /// <summary>Average cost of exploring other servers while one server is best, relative to the best arm's cost.</summary>
    private const double Budget = 0.004;

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
    private readonly OverdueRate _overdue = new();

    /// <param name="server">The server.</param>
    /// <param name="servers">Number of servers, which share the exploration.</param>
    /// <param name="interval">Maximum number of decisions between two races while the device is best.</param>
    public ServerExploration(int server, int servers, int interval)
    {
        (_server, _budget) = (server, Budget / Math.Max(1, servers - 1));
        _interval = _gap = interval * servers;
    }

    /// <summary>Whether the reply to a race is still expected.</summary>
    public bool IsWaiting(long sequence) => _awaited > 0 && sequence - _awaited <= Patience;

    /// <summary>A reply has arrived.</summary>
    public void Answered(long sequence)
    {
        if (sequence >= _awaited) _awaited = 0;
    }

    /// <summary>Whether replies have recently been overdue.</summary>
    public bool IsVolatile => _overdue.IsHigh;

    /// <summary>A race that is expected to save time was started.</summary>
    public void Raced(long sequence) => (_alone, _awaited) = (0, sequence);

    /// <summary>A reply was overdue: the link or the server has become slow.</summary>
    public void Overdue() => _overdue.Add();

    /// <summary>Link or server has just changed; the change should be verified soon.</summary>
    public void Changed() => (_gap, _stay) = (Math.Min(FirstGap, _interval), 0);

    /// <summary>An exploratory request was started.</summary>
    public void Begin(long sequence) => _awaited = sequence;

    /// <summary>The best arm uses the server.</summary>
    public void Reset()
    {
        (_alone, _stay, _samples, _trialGap) = (0, 0, 0, TrialInterval);
        _overdue.Advance();
    }

    /// <summary>Counts a decision whose best arm does not use the server.</summary>
    public void Count()
    {
        _alone++;
        _stay++;
        _untried++;
        _overdue.Advance();
    }

    /// <summary>Returns the server's arm to explore at a decision that was counted, or −1.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="best">The best arm: the device, or one of another server.</param>
    /// <param name="promising">The optimistic choice, which may be <paramref name="best"/>.</param>
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
        else if (_alone > Math.Min(_gap, _overdue.RaceInterval))
        {
            (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
            return (_samples++ % 3) switch
            {
                0 => BestIf(costs, costs.Servers[_server].Link.History.Age > 0 ? costs.Servers[_server].Link.History.Link : costs.Servers[_server].Link.Delay.WithTransferShare(Hope), Hope),
                2 => BestIf(costs, costs.Servers[_server].Link.Delay.WithTransferShare(HighHope), HighHope),
                _ => MostPromising(costs),
            };
        }

        if (promising == best || costs.Arms[promising].Server != _server || _untried <= _trialGap) return -1;
        (_alone, _untried, _trialGap) = (0, 0, Math.Min(TrialGrowth * _trialGap, TrialGrowth * _interval));
        return promising;
    }

    private int CheapestThatTells(CostModel costs, int best)
    {
        var least = costs.Mean(best);
        var arms = costs.Arms.ExploredOf(_server);
        var own = costs.Servers[_server].Link;
        var link = own.History.Age > 0 ? own.History.Link : own.Delay.WithTransferShare(own.RelativeVariance > UnknownVariance ? 0 : Hope);
        var gainsByLink = BestIf(costs, link, tailPart: 1);
        var isHigh = MeanIf(costs, gainsByLink, link) >= least;
        if (isHigh)
        {
            link = own.Delay.WithTransferShare(0);
            gainsByLink = BestIf(costs, link, tailPart: 1);
        }

        // Shadows of the best arm show how fast the server is and, if payloads are not too small, how fast the link is. They are nearly free.
        var shadow = costs.Arms.CanRace && best != costs.Arms.OnDevice ? costs.Arms.CounterpartOf(best, _server) : -1;
        if (shadow >= 0 && own.CanDistinguish(costs.Bits(shadow), link)) return -1;

        var (tellsLink, tellsServer) = (-1, arms[0]);
        var (hopedServer, muchHoped) = (double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in arms)
        {
            var mean = costs.Mean(arm);
            hopedServer = Math.Min(hopedServer, mean - ((1 - Hope) * costs.Tail(arm)));
            muchHoped = Math.Min(muchHoped, mean - ((1 - HighHope) * costs.Tail(arm)));
            if (mean < costs.Mean(tellsServer)) tellsServer = arm;
            if ((tellsLink < 0 || mean < costs.Mean(tellsLink)) && own.CanDistinguish(costs.Bits(arm), link)) tellsLink = arm;
        }

        // If delays scatter so much that a single request reveals nothing, use the arm that would gain most if the hypothesis were true.
        if (tellsLink < 0) tellsLink = gainsByLink;
        var isLinkSlow = own.History.Age > 0;
        if (best != costs.Arms.OnDevice && (shadow < 0 || isLinkSlow) && Recovered(costs, least, tellsLink, shadow < 0 ? tellsServer : tellsLink) is >= 0 and var recovered) return recovered;
        var perDecision = best == costs.Arms.OnDevice ? double.PositiveInfinity : _budget * least;
        if (IsDue(perDecision, (isHigh ? HighHopeRarity : 1) * (costs.Raced(tellsLink) - least), least - MeanIf(costs, gainsByLink, link))) return tellsLink;
        return shadow < 0 && IsDue(perDecision, costs.Raced(tellsServer) - least, least - (hopedServer < least ? hopedServer : muchHoped)) ? tellsServer : -1;
    }

    // Has the link or the server recovered? The longer it has been slow, the rarer the requests. That it was faster makes this more likely
    // than any other improvement, so that no budget bounds it.
    private int Recovered(CostModel costs, double least, int tellsLink, int tellsServer)
    {
        var server = costs.Servers[_server];
        var link = server.Link.History.Age > 0 ? server.Link.History.Link : server.Link.Delay;
        var age = Math.Max(server.Link.History.Age, server.History.Age);
        if (age == 0) return -1;
        var teller = server.History.Age > 0 ? tellsServer : tellsLink;
        var gain = least - MeanIf(costs, BestIf(costs, link, server.History.Part), link, server.History.Part);
        return gain > 0 && _alone > Math.Max(Interval(age, costs.Raced(teller) - least, gain), 1) ? teller : -1;
    }

    // While another server is best, the average cost is bounded as well.
    private bool IsDue(double perDecision, double price, double gain) =>
        gain > 0 && _alone > Math.Max(_gap, Math.Max(Interval(_stay, price, gain), price / perDecision));

    // Without a free race, exploring every K decisions costs price/K per decision and detects an improvement K/2 decisions late, which costs
    // the missed gain. If conditions are assumed to last about as long as they have lasted, T, the total is smallest at √(2·T·price/gain).
    private static double Interval(int stay, double price, double gain) => Math.Sqrt(2 * Math.Max(stay, MinStay) * Math.Max(price, 0) / gain);

    // The arm most likely to be faster than the device, in standard deviations of the difference.
    private int MostPromising(CostModel costs)
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
