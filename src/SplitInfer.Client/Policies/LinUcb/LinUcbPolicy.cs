namespace SplitInfer.Client.Policies.LinUcb;

/// <summary>LinUCB on offload delays, without forced samples: once it runs on the device alone it learns nothing more.</summary>
internal sealed class LinUcbPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly LinearBandit _bandit;
    private readonly double _alpha;
    private long _sequence;

    public LinUcbPolicy(PolicySetup setup, LinUcbOptions options) =>
        (_bandit, _alpha) = (new(setup, scaled: true, options.Prior), options.Alpha);

    public string Name => PolicyNames.LinUcb;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            var (arm, predicted) = context.IsServerUnavailable && _bandit.Arms.AllowsOnDevice
                ? (_bandit.Arms.OnDevice, _bandit.Predict(_bandit.Arms.OnDevice))
                : _bandit.Best(_alpha, withOnDevice: true);
            return new() { Arm = _bandit.Arms[arm], PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        lock (_lock) _bandit.Observe(decision, observation);
    }
}
