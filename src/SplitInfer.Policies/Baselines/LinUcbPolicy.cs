namespace SplitInfer.Policies.Baselines;

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
            _bandit.Arms.Refresh(context);
            var (arm, predicted) = _bandit.Best(_alpha, withOnDevice: true);
            return new() { Arm = _bandit.Arms[arm], PredictedSeconds = predicted, Sequence = ++_sequence };
        }
    }

    public void Observe(in Outcome outcome)
    {
        lock (_lock) _bandit.Observe(outcome);
    }
}

/// <summary>The knobs of <see cref="LinUcbPolicy"/>.</summary>
internal sealed class LinUcbOptions
{
    /// <summary>Width of the confidence bound, in seconds for an arm of unit features that was never tried. At least 0; 0.1 by default.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>A starts at this multiple of the identity. More than 0; 0.01 by default.</summary>
    public double Prior { get; init; } = 0.01;

    public static LinUcbOptions From(PolicyOptions options) => new()
    {
        Alpha = options.Number("alpha", 0.1, min: 0),
        Prior = options.Number("prior", 0.01, min: double.Epsilon),
    };
}
