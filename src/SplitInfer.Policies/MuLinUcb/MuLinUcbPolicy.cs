using SplitInfer.Policies.Exploration;
using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// The default. Learns device, link and server apart, takes the arm that is expected to cost least, tries one that may
/// well cost less, and samples what the best arm does not tell of, in a race wherever that makes it free.
/// </summary>
internal sealed class MuLinUcbPolicy : IPartitionPolicy, IPolicyState
{
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

    public IPolicyState State => this;

    public int Version => 1;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _sequence++;
            var best = _costs.Advance(context);
            if (_arms.Remote.Length == 0) return Take(_arms.OnDevice);
            if (!_costs.Link.IsKnown) return DecideBlindly();
            if (_late > 0 && _sequence - _late <= LatePatience) return Take(_arms.OnDevice);

            // As published, four times the weight halves the width of the bounds.
            var width = _options.Optimism / Math.Sqrt(context.Quality.EffectiveWeight);
            var promising = Optimism.Choose(_costs, best, width);
            if (best == _arms.OnDevice)
            {
                var arm = _serverSamples.Next(_costs, promising, _sequence);
                return arm < 0 ? Take(best) : Sample(arm);
            }

            _serverSamples.Reset();
            if (!context.Quality.IsKey && (_deviceSamples.Next(_costs, best) ?? _linkSamples.Next(_costs, best, _options.ForcedInterval)) is { } sample)
                return Take(sample.Arm) with { IsForced = true, IsRaced = sample.IsRaced };
            return Take(promising) with { IsForced = promising != best, IsRaced = IsWorthRacing(promising, best) };
        }
    }

    public void Observe(in Outcome outcome)
    {
        lock (_lock)
        {
            var sequence = outcome.Decision.Sequence;
            if (outcome.OffloadSeconds > 0) _serverSamples.Answered(sequence);
            if (outcome is { IsCensored: true, DeviceSeconds: > 0 }) _late = sequence;
            else if (sequence == _late) _late = 0;
            if (_costs.Observe(outcome)) _serverSamples.Changed();
        }
    }

    public void ObserveRoundTrip(int server, double seconds)
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
        _serverSamples.IsWaiting(_sequence) ? Take(_arms.OnDevice) : Sample(FirstSample.Choose(_costs));

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

/// <summary>The knobs of <see cref="MuLinUcbPolicy"/>.</summary>
internal sealed class MuLinUcbOptions
{
    /// <summary>Standard deviations by which an arm may be better than believed when it is tried.</summary>
    public double Optimism { get; init; } = 1.5;

    /// <summary>Requests that the device runs alone before one is raced.</summary>
    public int ForcedInterval { get; init; } = 10;

    public static MuLinUcbOptions From(PolicyOptions options) => new()
    {
        Optimism = options.Number("optimism", 1.5, min: 0),
        ForcedInterval = options.Whole("forcedInterval", 10, min: 1),
    };
}
