using SplitInfer.Policies.Exploration;
using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// Decides under <see cref="Objective.MostAccurateBy"/>: takes the best choice, and asks a server now and then that it does not use, hedged where
/// the device can answer in time, so that looking costs no accuracy. Not thread-safe.
/// </summary>
internal sealed class DeadlinePolicy
{
    /// <summary>How many times longer than at first the interval between two samples becomes while nothing changes; where a sample costs accuracy, from the beginning.</summary>
    private const int MaxPatience = 4, Price = 4;

    private readonly ArmTable _arms;
    private readonly ServerExplorations _exploration;
    private readonly DeadlineChoice _choice;
    private readonly DeadlineOption[] _bestOf;
    private readonly Pace[] _paces;
    private readonly int _interval;

    public DeadlinePolicy(PolicySetup setup, ArmTable arms, ServerExplorations exploration, MuLinUcbOptions options)
    {
        (_arms, _exploration, _interval) = (arms, exploration, options.ForcedInterval);
        _choice = new(setup, arms, options.LateRisk);
        _bestOf = new DeadlineOption[arms.Servers];
        _paces = new Pace[arms.Servers];
    }

    public Decision Decide(CostModel costs, in DecisionContext context, long sequence)
    {
        costs.Residuals.IsRecording = true;
        var unknown = _arms.Remote.Length > 0 ? _exploration.Unknown(costs, context, sequence) : -1;
        if (unknown >= 0)
        {
            _exploration[unknown].Begin(sequence);
            return Take(costs, _choice.Of(costs, InitialExploration.Choose(costs, unknown), context), context, sequence) with { IsForced = true };
        }

        var best = _choice.Choose(costs, context, _bestOf);
        var home = _arms[best.Arm].Server;
        _exploration.Count(costs, home);
        if (home == Arm.OnDevice) return Sample(costs, context, sequence) ?? Take(costs, best, context, sequence);
        var decision = Take(costs, best, context, sequence);
        var shadow = _arms.CanRace && !context.Quality.IsKey ? _exploration.NextShadow(costs, best.Arm, sequence) : -1;
        return shadow < 0 ? decision : decision with { Shadow = _arms[shadow] };
    }

    // While the device answers alone, nothing else would show that a server has become faster.
    private Decision? Sample(CostModel costs, in DecisionContext context, long sequence)
    {
        // What is too late in any case would show little.
        if (context.RemainingSeconds <= 0) return null;
        for (var server = 0; server < _bestOf.Length; server++)
        {
            if (_bestOf[server].Arm < 0) continue;

            // The fastest shows most of link and server: its reply is the likeliest to come before it is given up.
            var option = _choice.Of(costs, costs.Servers[server].Best, context);
            ref var pace = ref _paces[server];
            var changes = costs.Residuals.ChangesOf(server);
            if (changes != pace.Changes) pace = new() { Changes = changes };
            var price = option.Local >= 0 ? 1 : Price;
            if (++pace.Since <= _interval * _bestOf.Length * price * (1 + pace.Samples) || context.Quality.IsKey) continue;
            (pace.Since, pace.Samples) = (0, Math.Min(pace.Samples + 1, MaxPatience - 1));
            return Take(costs, option, context, sequence) with { IsForced = true };
        }

        return null;
    }

    private Decision Take(CostModel costs, in DeadlineOption option, in DecisionContext context, long sequence)
    {
        var start = _choice.StartOf(costs, option, context);
        return new()
        {
            Arm = _arms[option.Arm],
            PredictedSeconds = costs.Mean(option.Arm),
            Local = start is null ? null : _arms[option.Local],
            HedgeAfterSeconds = start,
            InTimeProbability = option.InTime,
            ExpectedAccuracy = option.Expected,
            Sequence = sequence,
        };
    }

    /// <summary>When a server that is not used was last sampled.</summary>
    private struct Pace
    {
        /// <summary>Decisions since the last sample.</summary>
        public int Since;

        /// <summary>Samples since the last change.</summary>
        public int Samples;

        /// <summary>Changes that were seen.</summary>
        public int Changes;
    }
}
