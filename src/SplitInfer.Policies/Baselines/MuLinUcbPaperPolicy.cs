using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Baselines;

/// <summary>μLinUCB with the constants and the update of its paper, where head and tail are called front-end and back-end.</summary>
internal sealed class MuLinUcbPaperPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly LinearBandit _bandit;
    private readonly PublishedSchedule _schedule;
    private readonly bool _isForcing;
    private long _sequence;

    public MuLinUcbPaperPolicy(PolicySetup setup, MuLinUcbPaperOptions options)
    {
        _bandit = new(setup, options.ScaleFeatures, options.Prior);
        _schedule = new(_bandit.Dimension, _bandit.MaxSquaredNorm);
        _isForcing = options.IsForcing;
    }

    public string Name => PolicyNames.MuLinUcbPaper;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            var forced = _schedule.Advance() && _isForcing;
            var width = _schedule.Alpha * Math.Sqrt(1 - PublishedSchedule.WeightOf(context.Quality.IsKey));
            _bandit.Arms.Refresh(context);
            var (arm, predicted) = _bandit.Best(width, withOnDevice: !forced);
            return new() { Arm = _bandit.Arms[arm], IsForced = forced, PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Outcome outcome)
    {
        lock (_lock) _bandit.Observe(outcome);
    }
}

/// <summary>What the paper leaves open.</summary>
internal sealed class MuLinUcbPaperOptions
{
    /// <summary>Whether each feature is divided by its largest value among the arms (<c>featureScale=max</c>); not by default (<c>none</c>).</summary>
    public bool ScaleFeatures { get; init; }

    /// <summary>β: A starts at βI. More than 0; 1 by default.</summary>
    public double Prior { get; init; } = 1;

    /// <summary>Whether every K-th request is a forced sample (<c>forced=true</c>), as it is by default; without, the trap of the paper's motivation appears.</summary>
    public bool IsForcing { get; init; } = true;

    public static MuLinUcbPaperOptions From(PolicyOptions options) => new()
    {
        ScaleFeatures = options.Choice("featureScale", "none", "max") == "max",
        Prior = options.Number("prior", 1, min: double.Epsilon),
        IsForcing = options.Flag("forced", true),
    };
}
