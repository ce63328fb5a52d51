using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.MuLinUcbPaper;

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
        _schedule = new(_bandit.Regression.Dimension, _bandit.MaxSquaredNorm);
        _isForcing = options.IsForcing;
    }

    public string Name => PolicyNames.MuLinUcbPaper;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            var forced = _schedule.Advance() && _isForcing;
            var width = _schedule.Alpha * Math.Sqrt(1 - PublishedSchedule.WeightOf(context.IsKeyFrame));
            var (arm, predicted) = context.IsServerUnavailable && _bandit.Arms.AllowsOnDevice
                ? (_bandit.Arms.OnDevice, _bandit.Predict(_bandit.Arms.OnDevice))
                : _bandit.Best(width, withOnDevice: !forced);
            return new() { Arm = _bandit.Arms[arm], IsForced = forced, PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        lock (_lock) _bandit.Observe(decision, observation);
    }
}
