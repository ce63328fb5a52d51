using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Decides when to use a server that the best arm does not use, because otherwise nothing would show that the server or its link has
/// become faster. If the best arm is the device and it can race, these requests are races and cost next to nothing.
/// </summary>
internal sealed class ServerExploration
{
    /// <summary>Minimum number of decisions for which conditions are assumed to last.</summary>
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

    /// <summary>Shadows that may remain without a reply before a server that has not answered yet is asked for its own sake.</summary>
    private const int FirstShadows = 2;

    private readonly int _server;
    private readonly int _interval;
    private readonly double _budget;
    private int _gap;
    private int _alone;
    private int _stay;
    private int _trialGap = TrialInterval;
    private int _untried;
    private int _samples;
    private int _aloneBefore;
    private int _firstShadows;
    private int _untriedBefore;
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

    /// <summary>The exit of an exploratory request answered, so that it was not sent: the next one is due at once.</summary>
    public void Left(long sequence)
    {
        if (sequence != _awaited) return;
        (_awaited, _firstShadows) = (0, Math.Max(0, _firstShadows - 1));
        (_alone, _untried) = (Math.Max(_alone, _aloneBefore), Math.Max(_untried, _untriedBefore));
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

    /// <summary>Whether the first request to the server may still be the shadow of one to another server.</summary>
    public bool MayBeginWithShadow => _firstShadows < FirstShadows;

    /// <summary>The first request to the server is the shadow of one to another server.</summary>
    public void BeginWithShadow(long sequence) => (_awaited, _firstShadows) = (sequence, _firstShadows + 1);

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
        (_aloneBefore, _untriedBefore) = (_alone, _untried);
        if (!costs.Arms.CanRace || best != costs.Arms.OnDevice)
        {
            var sample = CheapestInformative(costs, best);
            if (sample >= 0)
            {
                (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
                return sample;
            }
        }
        else if (_alone > Math.Min(_gap, _overdue.RaceInterval))
        {
            (_alone, _gap) = (0, Math.Min(GapGrowth * _gap, _interval));
            var hypotheses = new ServerHypotheses(costs, _server);
            return (_samples++ % 3) switch
            {
                0 => hypotheses.BestIfFaster(),
                2 => hypotheses.BestIfMuchFaster(),
                _ => hypotheses.MostPromising(),
            };
        }

        if (promising == best || costs.Arms[promising].Server != _server || _untried <= _trialGap) return -1;
        (_alone, _untried, _trialGap) = (0, 0, Math.Min(TrialGrowth * _trialGap, TrialGrowth * _interval));
        return promising;
    }

    private int CheapestInformative(CostModel costs, int best)
    {
        var hypotheses = new ServerHypotheses(costs, _server);
        var link = hypotheses.FasterLink(best);

        // Shadows of the best arm show nearly for free how fast the server is and, if the payload is not too small, how fast the link is.
        var shadow = costs.Arms.CanRace && best != costs.Arms.OnDevice ? costs.Arms.CounterpartOf(best, _server) : -1;
        if (shadow >= 0 && hypotheses.IsLinkShownBy(shadow, best)) return -1;
        var server = shadow >= 0 ? default(Hypothesis?) : hypotheses.FasterServer(best);
        if (best != costs.Arms.OnDevice && hypotheses.SlowFor > 0 && (server is not null || hypotheses.IsLinkSlow))
        {
            // A return to an earlier speed is the most likely improvement, so its checks are not limited by the budget.
            var recovered = hypotheses.Recovered(best, link.Arm, (server ?? link).Arm);
            if (recovered.Gain > 0 && _alone > Math.Max(Interval(hypotheses.SlowFor, recovered), 1)) return recovered.Arm;
        }

        // While another server is best, the average cost is bounded as well.
        var perDecision = best == costs.Arms.OnDevice ? double.PositiveInfinity : _budget * costs.Mean(best);
        if (IsDue(perDecision, link)) return link.Arm;
        return server is { } faster && IsDue(perDecision, faster) ? faster.Arm : -1;
    }

    private bool IsDue(double perDecision, in Hypothesis hypothesis) =>
        hypothesis.Gain > 0 && _alone > Math.Max(_gap, Math.Max(Interval(_stay, hypothesis), hypothesis.Price / perDecision));

    // Without a free race, exploring every K decisions costs price/K per decision and detects an improvement K/2 decisions late, which costs
    // the missed gain. If conditions are assumed to last about as long as they have lasted, T, the total is smallest at √(2·T·price/gain).
    private static double Interval(int stay, in Hypothesis hypothesis) => Math.Sqrt(2 * Math.Max(stay, MinStay) * Math.Max(hypothesis.Price, 0) / hypothesis.Gain);
}
