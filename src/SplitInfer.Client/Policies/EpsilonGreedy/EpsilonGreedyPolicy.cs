namespace SplitInfer.Client.Policies.EpsilonGreedy;

/// <summary>Takes the arm that looks best, but a random one every now and then.</summary>
internal sealed class EpsilonGreedyPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly LinearBandit _bandit;
    private readonly Random _random;
    private readonly double _epsilon;
    private long _sequence;

    public EpsilonGreedyPolicy(PolicySetup setup, EpsilonGreedyOptions options) =>
        (_bandit, _random, _epsilon) = (new(setup, scaled: true, options.Prior), new(setup.Seed), options.Epsilon);

    public string Name => PolicyNames.EpsilonGreedy;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            var arms = _bandit.Arms;
            var explores = _random.NextDouble() < _epsilon;
            var (arm, predicted) = _bandit.Best(width: 0, withOnDevice: true);
            if (context.IsServerUnavailable && arms.AllowsOnDevice) (arm, explores) = (arms.OnDevice, false);
            else if (explores) arm = Draw();
            if (explores || arm == arms.OnDevice) predicted = _bandit.Predict(arm);
            return new() { Arm = arms[arm], IsForced = explores, PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        lock (_lock) _bandit.Observe(decision, observation);
    }

    private int Draw()
    {
        var arms = _bandit.Arms;
        var drawn = _random.Next(arms.Remote.Length + (arms.AllowsOnDevice ? 1 : 0));
        return drawn < arms.Remote.Length ? arms.Remote[drawn] : arms.OnDevice;
    }
}
