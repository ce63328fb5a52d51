namespace SplitInfer.Policies.Baselines;

/// <summary>
/// Predicts every arm from profiles made offline and the bandwidth last measured. It does not see that the server or
/// the device has become slower, and while it runs on the device alone its bandwidth grows old.
/// </summary>
internal sealed class NeurosurgeonPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly ArmTable _arms;
    private readonly HeadProfile _heads;
    private readonly double[] _bits;
    private readonly double[] _tails;
    private readonly double _gain;
    private double _secondsPerBit;
    private double _roundTrip;
    private bool _isMeasured;
    private long _sequence;

    public NeurosurgeonPolicy(PolicySetup setup, NeurosurgeonOptions options)
    {
        (_arms, _heads, _gain) = (new(setup), setup.Heads, options.Gain);
        _secondsPerBit = 1 / (options.InitialMbps * 1e6);
        _bits = [.. setup.Arms.Select(static a => a.PayloadBits)];
        _tails = [.. setup.Arms.Select((a, arm) => Tail(setup, arm) ?? (a.TailMacs.Sum() / options.AssumedMacsPerSecond))];
    }

    public string Name => PolicyNames.Neurosurgeon;

    public PolicyNeeds Needs => PolicyNeeds.Outcomes | PolicyNeeds.HeadProfile | PolicyNeeds.RoundTrips | PolicyNeeds.ServerProfile;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _arms.Refresh(context);
            // Before the first transfer there is no bandwidth to go by, so that one has to be made.
            var mustOffload = !_isMeasured && _arms.Remote.Length > 0;
            var (best, lowest) = mustOffload ? (_arms.Remote[0], Predict(_arms.Remote[0])) : (_arms.OnDevice, Head(_arms.OnDevice));
            foreach (var arm in _arms.Remote)
            {
                var predicted = Predict(arm);
                if (predicted < lowest) (best, lowest) = (arm, predicted);
            }

            return new() { Arm = _arms[best], IsForced = mustOffload, PredictedSeconds = lowest, Sequence = ++_sequence };
        }
    }

    public void Observe(in Outcome outcome)
    {
        var transfer = outcome.OffloadSeconds - outcome.ServerSeconds;
        if (transfer <= 0 || outcome.BytesSent <= 0 || outcome.IsCensored) return;
        lock (_lock)
        {
            var measured = Math.Max(transfer - _roundTrip, transfer / 100) / (outcome.BytesSent * 8.0);
            _secondsPerBit = _isMeasured ? _secondsPerBit + (_gain * (measured - _secondsPerBit)) : measured;
            _isMeasured = true;
        }
    }

    public void ObserveRoundTrip(int server, double seconds)
    {
        lock (_lock) _roundTrip = _roundTrip > 0 ? _roundTrip + (_gain * (seconds - _roundTrip)) : seconds;
    }

    private double Head(int arm) => _heads.SecondsOf(_arms[arm].Cut);

    private static double? Tail(PolicySetup setup, int arm)
    {
        if (setup.Arms[arm].Arm.IsOnDevice) return 0;
        var profile = setup.ProfiledTailSeconds(setup.Arms[arm].Arm.Server);
        return profile.IsDefaultOrEmpty ? null : profile[arm];
    }

    private double Predict(int arm) => Head(arm) + _roundTrip + (_bits[arm] * _secondsPerBit) + _tails[arm];
}

/// <summary>The knobs of <see cref="NeurosurgeonPolicy"/>.</summary>
internal sealed class NeurosurgeonOptions
{
    /// <summary>Weight of the newest measurement of the link, above 0 to 1; 0.5 by default.</summary>
    public double Gain { get; init; } = 0.5;

    /// <summary>Bandwidth taken for granted until one is measured, Mbit/s; 16 by default.</summary>
    public double InitialMbps { get; init; } = 16;

    /// <summary>Server speed without a profile, multiply-accumulates a second; 10¹¹ by default.</summary>
    public double AssumedMacsPerSecond { get; init; } = 1e11;

    public static NeurosurgeonOptions From(PolicyOptions options) => new()
    {
        Gain = options.Number("gain", 0.5, min: 1e-3, max: 1),
        InitialMbps = options.Number("initialMbps", 16, min: 1e-3),
        AssumedMacsPerSecond = options.Number("macsPerSecond", 1e11, min: 1),
    };
}
