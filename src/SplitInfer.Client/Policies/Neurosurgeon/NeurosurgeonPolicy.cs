namespace SplitInfer.Client.Policies.Neurosurgeon;

/// <summary>
/// Predicts every arm from profiles made offline and the bandwidth last measured. It does not see that the server or
/// the device has become slower, and while it runs on the device alone its bandwidth grows old.
/// </summary>
internal sealed class NeurosurgeonPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly ArmTable _arms;
    private readonly Profiling.HeadProfile _heads;
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
        var speed = setup.ServerMacsPerSecond ?? options.AssumedMacsPerSecond;
        _tails = setup.ProfiledTailSeconds.IsDefaultOrEmpty
            ? [.. setup.Arms.Select(a => a.TailMacs.Sum() / speed)]
            : [.. setup.ProfiledTailSeconds];
    }

    public string Name => PolicyNames.Neurosurgeon;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _arms.Refresh();
            // Before the first transfer there is no bandwidth to go by, so that one has to be made.
            var mustOffload = (!_isMeasured || !_arms.AllowsOnDevice) && _arms.Remote.Length > 0 && !context.IsServerUnavailable;
            var (best, lowest) = mustOffload ? (_arms.Remote[0], Predict(_arms.Remote[0])) : (_arms.OnDevice, Head(_arms.OnDevice));
            foreach (var arm in context.IsServerUnavailable ? [] : _arms.Remote)
            {
                var predicted = Predict(arm);
                if (predicted < lowest) (best, lowest) = (arm, predicted);
            }

            return new() { Arm = _arms[best], IsForced = mustOffload && _arms.AllowsOnDevice, PredictedSeconds = lowest, Sequence = ++_sequence };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        var transfer = observation.OffloadSeconds - observation.ServerSeconds;
        if (transfer <= 0 || observation.BytesSent <= 0 || observation.IsCensored) return;
        lock (_lock)
        {
            var measured = Math.Max(transfer - _roundTrip, transfer / 100) / (observation.BytesSent * 8.0);
            _secondsPerBit = _isMeasured ? _secondsPerBit + (_gain * (measured - _secondsPerBit)) : measured;
            _isMeasured = true;
        }
    }

    public void ObserveRoundTrip(double seconds)
    {
        lock (_lock) _roundTrip = _roundTrip > 0 ? _roundTrip + (_gain * (seconds - _roundTrip)) : seconds;
    }

    private double Head(int arm) => _heads.SecondsOf(_arms[arm].Partition.Index);

    private double Predict(int arm) => Head(arm) + _roundTrip + (_bits[arm] * _secondsPerBit) + _tails[arm];
}
