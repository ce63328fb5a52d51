using SplitInfer.Policies.Exploration;
using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// Decides under <see cref="Objective.MostAccurateBy"/>: takes the best choice, and asks a server now and then that it does not use, always hedged where
/// the device can answer in time, so that looking costs no accuracy, and more rarely where it cannot. Not thread-safe.
/// </summary>
internal sealed class DeadlinePolicy
{
    /// <summary>How many times longer than at first the interval between two samples becomes while nothing changes; where a sample costs accuracy, from the beginning.</summary>
    private const int MaxPatience = 4, Price = 4;

    private const double Equal = 1e-9;

    /// <summary>Where no more accuracy than this is expected, a sample has little to lose.</summary>
    private const double Poor = 0.5;

    private readonly ArmTable _arms;
    private readonly ServerExplorations _exploration;
    private readonly DeadlineChoice _choice;
    private readonly DeadlineOption[] _bestOf;
    private readonly Pace[] _paces;
    private readonly int _interval;

    public DeadlinePolicy(PolicySetup setup, ArmTable arms, ServerExplorations exploration, MuLinUcbOptions options)
    {
        (_arms, _exploration, _interval) = (arms, exploration, options.ForcedInterval);
        _choice = new(setup, arms, options);
        _bestOf = new DeadlineOption[arms.Servers];
        _paces = new Pace[arms.Servers];
    }

    public Decision Decide(CostModel costs, in DecisionContext context, long sequence)
    {
        costs.Residuals.IsRecording = true;
        var unknown = _arms.Remote.Length > 0 ? _exploration.Unknown(costs, context, sequence) : -1;
        var best = _choice.Choose(costs, context, _bestOf);
        var isPoor = best.Expected < Poor;
        var meets = unknown >= 0 && _arms.CanRace && !isPoor && !_arms[best.Arm].IsOnDevice && _exploration[unknown].MayBeginWithShadow;
        if (unknown >= 0 && !meets && Look(costs, unknown, isPoor, context, sequence) is { } look) return look;
        var home = _arms[best.Arm].Server;
        _exploration.Count(costs, home);
        if (home == Arm.OnDevice) return Sample(costs, context, sequence) ?? Take(costs, best, context, sequence);
        var decision = Take(costs, best, context, sequence);
        var shadow = meets ? _exploration.Meet(costs, best.Arm, unknown, sequence) : _arms.CanRace && !context.Quality.IsKey ? _exploration.NextShadow(costs, best.Arm, sequence) : -1;
        return shadow < 0 ? decision : decision with { Shadow = _arms[shadow] };
    }

    // The first time at once, whatever it costs: nothing else would show what a server is like.
    private Decision? Look(CostModel costs, int server, bool isPoor, in DecisionContext context, long sequence)
    {
        if (ToLearnFrom(costs, server, InitialExploration.Choose(costs, server), context) is not (>= 0 and var arm)) return null;
        var option = _choice.Of(costs, arm, context);
        ref var pace = ref _paces[server];
        if (!IsFree(costs, option, context))
        {
            if (_choice.IsDeviceBest(costs, context)) return null;

            // In turn: what is believed of a server before it has answered may be far off.
            if (pace.Looks % 2 == 0 && _choice.Likeliest(costs, server, context) is >= 0 and var likeliest) option = _choice.Of(costs, likeliest, context);
        }

        if (pace.Looks > 0 && !isPoor && !IsFree(costs, option, context) && ++pace.Since <= Price * _interval) return null;
        (pace.Since, pace.Looks) = (0, pace.Looks + 1);
        _exploration[server].Begin(sequence);
        return Take(costs, option, context, sequence, isForced: true);
    }

    // While the device answers alone, nothing else would show that a server has become faster.
    private Decision? Sample(CostModel costs, in DecisionContext context, long sequence)
    {
        // What is too late in any case would show little.
        if (context.RemainingSeconds <= 0) return null;
        for (var server = 0; server < _bestOf.Length; server++)
        {
            if (_bestOf[server].Arm < 0) continue;
            ref var pace = ref _paces[server];
            var changes = costs.Residuals[server].Changes;
            if (changes != pace.Changes) pace = pace with { Since = 0, Samples = 0, Changes = changes };
            var interval = _interval * _bestOf.Length * (1 + pace.Samples);
            if (++pace.Since <= interval || context.Quality.IsKey) continue;

            // The fastest shows most of link and server: its reply is the likeliest to come before it is given up.
            if (ToLearnFrom(costs, server, costs.Servers[server].Best, context) is not (>= 0 and var arm)) continue;
            var option = _choice.Of(costs, arm, context);
            if (!IsFree(costs, option, context) && (pace.Since <= Price * interval || _choice.IsDeviceBest(costs, context))) continue;
            (pace.Since, pace.Samples) = (0, Math.Min(pace.Samples + 1, MaxPatience - 1));
            return Take(costs, option, context, sequence, isForced: true);
        }

        return null;
    }

    // The fastest arm whose answer is no poorer than what the caller would have without it: that of the device by the deadline, or without one the most
    // accurate of all. −1 where a server has no such arm and there is no deadline, since it is not worth a poorer answer then.
    private int ToLearnFrom(CostModel costs, int server, int fastest, in DecisionContext context)
    {
        var accuracies = _arms.Accuracies;
        var least = (context.RemainingSeconds is null ? _arms.MostAccurate : _choice.DeviceAlone(costs, context)) - Equal;
        // Of equals the one without an exit, which is always sent.
        if (accuracies[fastest] >= least && costs.Exits.Stay(fastest) >= 1) return fastest;
        var chosen = -1;
        foreach (var arm in _arms.RemoteOf(server))
            if (accuracies[arm] >= least && (chosen < 0 || costs.Unanswered(arm) < costs.Unanswered(chosen))) chosen = arm;
        return chosen < 0 && context.RemainingSeconds is not null ? fastest : chosen;
    }

    // Whether the device answers by the deadline if the server does not, or nobody else could either.
    private bool IsFree(CostModel costs, in DeadlineOption option, in DecisionContext context) =>
        (option.Local >= 0 && context.RemainingSeconds is not null) || (costs.Open.Length == 0 && _choice.DeviceAlone(costs, context) <= 0);

    private Decision Take(CostModel costs, in DeadlineOption option, in DecisionContext context, long sequence, bool isForced = false)
    {
        var (start, expected) = _choice.Hedged(costs, option, context, isForced);
        return new()
        {
            Arm = _arms[option.Arm],
            IsForced = isForced,
            PredictedSeconds = costs.Mean(option.Arm),
            PredictedExitSeconds = costs.Exits.Stay(option.Arm) < 1 ? costs.Ahead(option.Arm) : null,
            UnansweredSeconds = costs.Exits.Stay(option.Arm) < 1 ? costs.Unanswered(option.Arm) : null,
            Local = start is null ? null : _arms[option.Local],
            HedgeAfterSeconds = start,
            InTimeProbability = option.InTime,
            ExpectedAccuracy = expected,
            Objective = Objective.MostAccurateBy,
            Sequence = sequence,
        };
    }

    /// <summary>When a server that is not used was last asked.</summary>
    private record struct Pace
    {
        /// <summary>Decisions since then.</summary>
        public int Since;

        /// <summary>Requests to it before it had answered any.</summary>
        public int Looks;

        /// <summary>Samples since the last change.</summary>
        public int Samples;

        /// <summary>Changes that were seen.</summary>
        public int Changes;
    }
}
