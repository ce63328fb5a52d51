using System.Collections.Immutable;

namespace SplitInfer.Policies.Baselines;

/// <summary>
/// Predicts every arm from profiles made offline and the bandwidth last measured. It does not see that the server or
/// the device has become slower, and while it runs on the device alone its bandwidth grows old. Until a server's profile is known, the work
/// of a tail stands for its delay.
/// </summary>
internal sealed class NeurosurgeonPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly ArmTable _arms;
    private readonly HeadProfile _heads;
    private readonly double[] _bits;
    private readonly double[] _work;
    private readonly double[] _tails;
    private readonly double _gain;
    private readonly Link[] _links;
    private long _sequence;

    public NeurosurgeonPolicy(PolicySetup setup, NeurosurgeonOptions options)
    {
        (_arms, _heads, _gain) = (new(setup), setup.Heads, options.Gain);
        _links = new Link[_arms.Servers];
        Array.Fill(_links, new() { SecondsPerBit = 1 / (options.InitialMbps * 1e6) });
        _bits = [.. setup.Arms.Select(static a => a.PayloadBits)];
        _work = [.. setup.Arms.Select(static a => a.Arm.IsOnDevice ? 0 : a.TailMacs.Sum())];
        _tails = [.. _work.Select(work => work / options.AssumedMacsPerSecond)];
    }

    public string Name => PolicyNames.Neurosurgeon;

    public PolicyNeeds Needs => PolicyNeeds.Outcomes | PolicyNeeds.HeadProfile | PolicyNeeds.RoundTrips | PolicyNeeds.ServerProfile;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _arms.Refresh(context);
            var (best, lowest, mustOffload) = (_arms.OnDevice, _arms.AllowsDevice ? Head(_arms.OnDevice) : double.PositiveInfinity, false);
            for (var server = 0; server < _links.Length; server++)
            {
                // Before the first transfer there is no bandwidth to go by, so that one has to be made.
                var arms = _arms.RemoteOf(server);
                if (!mustOffload && !_links[server].IsMeasured && arms.Length > 0) (best, lowest, mustOffload) = (arms[0], Predict(arms[0]), true);
                else if (mustOffload) continue;
                foreach (var arm in arms)
                {
                    var predicted = Predict(arm);
                    if (predicted < lowest) (best, lowest) = (arm, predicted);
                }
            }

            return new() { Arm = _arms[best], IsForced = mustOffload, PredictedSeconds = lowest, Sequence = ++_sequence };
        }
    }

    public void Observe(in Outcome outcome)
    {
        var transfer = outcome.OffloadSeconds - outcome.ServerSeconds;
        if (outcome.Decision.Arm.IsOnDevice || transfer <= 0 || outcome.BytesSent <= 0 || outcome.IsCensored || !outcome.IsPlausible) return;
        lock (_lock)
        {
            ref var link = ref _links[outcome.Decision.Arm.Server];
            var measured = Math.Max(transfer - link.RoundTrip, transfer / 100) / (outcome.BytesSent * 8.0);
            link.SecondsPerBit = link.IsMeasured ? link.SecondsPerBit + (_gain * (measured - link.SecondsPerBit)) : measured;
            link.IsMeasured = true;
        }
    }

    public void ObserveRoundTrip(int server, double seconds)
    {
        lock (_lock)
        {
            if (server >= _links.Length || !(seconds > 0 && seconds <= Outcome.MaxSeconds)) return;
            ref var roundTrip = ref _links[server].RoundTrip;
            roundTrip = roundTrip > 0 ? roundTrip + (_gain * (seconds - roundTrip)) : seconds;
        }
    }

    public void ObserveServerProfile(int server, ImmutableArray<double> tailSeconds)
    {
        if (tailSeconds.IsDefaultOrEmpty) return;
        lock (_lock)
        {
            // Arms that were not profiled are as fast for their work as those that were.
            var (work, time) = (0.0, 0.0);
            for (var arm = 0; arm < _arms.Remotes; arm++)
                if (_arms[arm].Server == server && TryFind(tailSeconds, _arms[arm], out var seconds)) (work, time) = (work + _work[arm], time + seconds);
            for (var arm = 0; arm < _arms.Remotes && time > 0; arm++)
            {
                if (_arms[arm].Server != server) continue;
                if (TryFind(tailSeconds, _arms[arm], out var seconds)) _tails[arm] = seconds;
                else if (work > 0) _tails[arm] = _work[arm] * time / work;
            }
        }
    }

    private double Head(int arm) => _heads.SecondsOf(_arms[arm].Variant, _arms[arm].Cut);

    // Exits and other variants do another amount of work than what was profiled.
    private static bool TryFind(ImmutableArray<double> tailSeconds, Arm arm, out double seconds)
    {
        seconds = arm is { Variant: 0, Exit: 0 } && arm.Cut < tailSeconds.Length ? tailSeconds[arm.Cut] : 0;
        return seconds > 0 && double.IsFinite(seconds);
    }

    private double Predict(int arm)
    {
        ref var link = ref _links[_arms[arm].Server];
        return Head(arm) + link.RoundTrip + (_bits[arm] * link.SecondsPerBit) + _tails[arm];
    }

    private struct Link
    {
        public double SecondsPerBit;
        public double RoundTrip;
        public bool IsMeasured;
    }
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
