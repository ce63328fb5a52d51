namespace SplitInfer.Policies.Baselines;

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
            arms.Refresh(context);
            var explores = _random.NextDouble() < _epsilon;
            var (arm, predicted) = _bandit.Best(width: 0, withOnDevice: true);
            if (arms.Remote.Length == 0) explores = false;
            else if (explores) arm = Draw();
            if (explores || arm == arms.OnDevice) predicted = _bandit.Predict(arm);
            return new() { Arm = arms[arm], IsForced = explores, PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Outcome outcome)
    {
        lock (_lock) _bandit.Observe(outcome);
    }

    private int Draw()
    {
        var arms = _bandit.Arms;
        var drawn = _random.Next(arms.Remote.Length + (arms.AllowsDevice ? 1 : 0));
        return drawn < arms.Remote.Length ? arms.Remote[drawn] : arms.OnDevice;
    }
}

/// <summary>The knobs of <see cref="EpsilonGreedyPolicy"/>.</summary>
internal sealed class EpsilonGreedyOptions
{
    /// <summary>Probability of a random arm, 0 to 1; 0.1 by default.</summary>
    public double Epsilon { get; init; } = 0.1;

    /// <summary>A starts at this multiple of the identity. More than 0; 0.01 by default.</summary>
    public double Prior { get; init; } = 0.01;

    public static EpsilonGreedyOptions From(PolicyOptions options) => new()
    {
        Epsilon = options.Number("epsilon", 0.1, min: 0, max: 1),
        Prior = options.Number("prior", 0.01, min: double.Epsilon),
    };
}
