using SplitInfer.Client.Policies.Exploration;
using SplitInfer.Client.Policies.Learning;
using SplitInfer.Client.Policies.State;

namespace SplitInfer.Client.Policies.MuLinUcb;

/// <summary>
/// The default. Learns device, link and server apart, takes the arm that is expected to cost least, tries one that may
/// well cost less, and samples what the best arm does not tell of, in a race wherever that makes it free.
/// </summary>
internal sealed class MuLinUcbPolicy : IStatefulPolicy
{
    /// <summary>A key frame weighs four times as much as another, which halves the width of the bounds, as published.</summary>
    private const double KeyFrameWidth = 0.5;

    /// <summary>A cost less certain than this, relative to itself, is raced if the device may well be faster.</summary>
    private const double Doubt = 0.1;

    /// <summary>Decisions to wait for a reply that the device overtook. It will tell how slow link or server have become; until then the device is sure not to be.</summary>
    private const int LatePatience = 4;

    private readonly Lock _lock = new();
    private readonly PolicySetup _setup;
    private readonly MuLinUcbOptions _options;
    private readonly ArmTable _arms;
    private readonly ServerSamples _serverSamples;
    private readonly LinkSamples _linkSamples = new();
    private readonly DeviceSamples _deviceSamples = new();
    private CostModel _costs;
    private long _sequence;
    private long _late;

    public MuLinUcbPolicy(PolicySetup setup, MuLinUcbOptions options)
    {
        (_setup, _options, _arms) = (setup, options, new(setup));
        _serverSamples = new(options.ForcedInterval);
        _costs = new(setup, _arms);
    }

    public string Name => PolicyNames.MuLinUcb;

    public int StateVersion => 1;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _sequence++;
            var best = _costs.Advance();
            if (_arms.Remote.Length == 0 || (context.IsServerUnavailable && _arms.AllowsOnDevice)) return Take(_arms.OnDevice);
            if (!_costs.Link.IsKnown) return DecideBlindly();
            if (_late > 0 && _sequence - _late <= LatePatience && _arms.AllowsOnDevice) return Take(_arms.OnDevice);

            var width = _options.Optimism * (context.IsKeyFrame ? KeyFrameWidth : 1);
            var promising = Optimism.Choose(_costs, best, width);
            if (best == _arms.OnDevice)
            {
                var arm = _serverSamples.Next(_costs, promising, _sequence);
                return arm < 0 ? Take(best) : Sample(arm);
            }

            _serverSamples.Reset();
            if (!context.IsKeyFrame && (_deviceSamples.Next(_costs, best) ?? _linkSamples.Next(_costs, best, _options.ForcedInterval)) is { } sample)
                return Take(sample.Arm) with { IsForced = true, IsRaced = sample.IsRaced };
            return Take(promising) with { IsForced = promising != best, IsRaced = IsWorthRacing(promising, best) };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        lock (_lock)
        {
            if (observation.OffloadSeconds > 0) _serverSamples.Answered(decision.Sequence);
            if (observation is { IsCensored: true, RacedDeviceSeconds: > 0 }) _late = decision.Sequence;
            else if (decision.Sequence == _late) _late = 0;
            if (_costs.Observe(decision, observation)) _serverSamples.Changed();
        }
    }

    public void ObserveRoundTrip(double seconds)
    {
        lock (_lock) _costs.ObserveRoundTrip(seconds, _sequence);
    }

    public void Save(PolicyStateWriter state)
    {
        lock (_lock) _costs.Save(state);
    }

    public void Restore(PolicyStateReader state)
    {
        var costs = new CostModel(_setup, _arms);
        costs.Restore(state);
        state.End();
        lock (_lock) _costs = costs;
    }

    // Nothing was ever sent, or nothing has come back yet.
    private Decision DecideBlindly() =>
        _arms.AllowsOnDevice && _serverSamples.IsWaiting(_sequence) ? Take(_arms.OnDevice) : Sample(FirstSample.Choose(_costs));

    private bool IsWorthRacing(int arm, int best)
    {
        if (!_arms.CanRace || arm == _arms.OnDevice) return false;
        var deviation = Math.Sqrt(_costs.Covariance(arm, arm));
        return (arm != best || deviation > Doubt * _costs.Mean(arm)) && _costs.Mean(_arms.OnDevice) < _costs.Mean(arm) + (2 * deviation);
    }

    private Decision Sample(int arm)
    {
        _serverSamples.Begin(_sequence);
        return Take(arm) with { IsForced = true, IsRaced = _arms.CanRace };
    }

    private Decision Take(int arm) => new()
    {
        Arm = _arms[arm],
        PredictedSeconds = _costs.Mean(arm),
        LateAfterSeconds = _arms.CanRace && arm != _arms.OnDevice ? _costs.LateAfter(arm) : 0,
        Sequence = _sequence,
    };
}
