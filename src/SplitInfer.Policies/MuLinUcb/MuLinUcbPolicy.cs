using SplitInfer.Policies.Exploration;
using SplitInfer.Policies.Learning;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// The default. Learns device, links and servers separately, takes the arm that is expected to cost least, tries one that may well cost
/// less, and explores what the best arm does not reveal, in a race wherever that costs next to nothing.
/// </summary>
internal sealed class MuLinUcbPolicy : IPartitionPolicy, IPolicyState
{
    /// <summary>A cost less certain than this, relative to itself, is raced if the device may well be faster.</summary>
    private const double Doubt = 0.1;

    /// <summary>A race in which the device takes no more than this many times what it takes alone is not replaced by a cheaper one.</summary>
    private const double DearestRace = 1.005;

    /// <summary>An exploratory request is raced if the device takes at most this many times as long as the arm.</summary>
    private const double WorthRacing = 1.5;

    private readonly Lock _lock = new();
    private readonly PolicySetup _setup;
    private readonly MuLinUcbOptions _options;
    private readonly ArmTable _arms;
    private readonly ServerExplorations _serverExploration;
    private readonly LinkExploration[] _linkExploration;
    private readonly DeviceExploration _deviceExploration = new();
    private readonly DeviceGuard _guard = new();
    private readonly DeadlinePolicy _byDeadline;
    private readonly SharedServers _shared;
    private CostModel _costs;
    private long _sequence;

    public MuLinUcbPolicy(PolicySetup setup, MuLinUcbOptions options)
    {
        (_setup, _options, _arms) = (setup, options, new(setup, withExits: true));
        _serverExploration = new(_arms.Servers, options.ForcedInterval);
        _linkExploration = [.. Enumerable.Range(0, _arms.Servers).Select(static _ => new LinkExploration())];
        _costs = new(setup, _arms);
        _byDeadline = new(setup, _arms, _serverExploration, options);
        _shared = new(setup.Seed);
    }

    public string Name => PolicyNames.MuLinUcb;

    public IPolicyState State => this;

    public int Version => 2;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _sequence++;
            _serverExploration.NoteReturns(context.UnavailableServers);
            var best = _costs.Advance(context, _sequence);
            if (context.Objective == Objective.MostAccurateBy) return _byDeadline.Decide(_costs, context, _sequence);
            if (_arms.Remote.Length == 0) return TakeLocal(context);
            if (_serverExploration.Unknown(_costs, context, _sequence) is >= 0 and var unknown) return Meet(unknown, best);
            if (_costs.Open.Length == 0) return (IsGuarded ? null : RaceUnderDoubtOrNone()) ?? Take(best);

            if (IsGuarded)
            {
                _serverExploration.Count(_costs, Arm.OnDevice);
                return NextExploration(_arms.OnDevice, _arms.OnDevice) ?? Take(_arms.OnDevice);
            }

            var settled = _shared.Settle(_costs, best);
            var promising = settled == best ? OptimisticChoice.Choose(_costs, best, Width(context)) : settled;
            best = settled;
            var home = _arms[best].Server;
            _serverExploration.Count(_costs, home);
            if (home == Arm.OnDevice && promising != best && _arms[promising].IsOnDevice) return Take(promising) with { IsForced = true };
            if (home == Arm.OnDevice) return NextExploration(best, promising) ?? RaceUnderDoubtOrNone() ?? Take(best);
            if (!context.Quality.IsKey)
            {
                if ((_deviceExploration.Next(_costs, best) ?? _linkExploration[home].Next(_costs, best, _options.ForcedInterval, _sequence)) is { } sample)
                    return Take(sample.Arm) with { IsForced = true, IsRaced = sample.IsRaced };
                if (_arms.CanRace && _serverExploration.NextShadow(_costs, best, _sequence) is >= 0 and var counterpart)
                    return Take(best) with { IsRaced = IsWorthRacing(best, best), Shadow = _arms[counterpart] };
                if (NextExploration(best, promising) is { } decision) return decision;
            }

            return Take(promising) with { IsForced = promising != best, IsRaced = IsWorthRacing(promising, best) };
        }
    }

    public void Observe(in Outcome outcome)
    {
        if (!outcome.IsPlausible) return;
        lock (_lock)
        {
            var server = outcome.Decision.Arm.Server;
            if (outcome.HasLeft && server != Arm.OnDevice) Left(outcome.Decision);
            if (server != Arm.OnDevice && outcome.OffloadSeconds > 0) _serverExploration[server].Answered(outcome.Decision.Sequence);
            _guard.Observe(outcome, outcome.Decision.DeviceSeconds);
            if (IsOverdue(outcome)) _serverExploration[server].Overdue();
            if (_costs.Observe(outcome)) _serverExploration.Changed(server);
        }
    }

    public void ObserveRoundTrip(int server, double seconds)
    {
        if (!(seconds > 0 && seconds <= Outcome.MaxSeconds)) return;
        lock (_lock) _costs.ObserveRoundTrip(server, seconds, _sequence);
    }

    public ServerEstimate? Estimate(int server)
    {
        lock (_lock) return _costs.Servers[server].Estimate();
    }

    public KindPrior Share()
    {
        lock (_lock) return KindLearning.ShareOf(_setup, _costs);
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

    // Without late races a single late reply can exceed the guard's limit by far; closing it then would only delay finding the new best arm.
    private bool IsGuarded => _guard.IsClosed && _arms.CanRace && _arms.AllowsDevice && _setup.RacesLateReplies;

    // A reply was late, whether or not the device overtook it. One that missed a deadline need not be.
    private bool IsOverdue(in Outcome outcome)
    {
        var late = outcome.Decision.LateAfterSeconds;
        return _setup.RacesLateReplies && outcome is { Kind: OutcomeKind.Completed, Decision: { IsRaced: false, Objective: Objective.LeastTime } } && outcome.Server switch
        {
            ServerOutcome.Overdue => true,
            ServerOutcome.Replied => late > 0 && outcome.OffloadSeconds > late,
            _ => false,
        };
    }

    // The first request to a server.
    private Decision Meet(int server, int best) => _arms.CanRace && _serverExploration.Meet(_costs, best, server, _sequence) is >= 0 and var counterpart
        ? Take(best) with { Shadow = _arms[counterpart], IsRaced = IsWorthRacing(best, best) }
        : Explore(InitialExploration.Choose(_costs, server), _arms.OnDevice);

    // Nothing but taking it shows how often an exit answers.
    private Decision TakeLocal(in DecisionContext context)
    {
        if (!_costs.Exits.IsLearned) return Take(_arms.OnDevice);
        var promising = OptimisticChoice.Choose(_costs, _arms.OnDevice, Width(context));
        return Take(promising) with { IsForced = promising != _arms.OnDevice };
    }

    // As published, four times the weight halves the width of the bounds.
    private double Width(in DecisionContext context) => _options.Optimism / Math.Sqrt(context.Quality.EffectiveWeight);

    // What was to be learned of a server is to be learned still: its exit answered, so that the request was not sent.
    private void Left(in Decision decision)
    {
        _serverExploration.Left(decision);
        _linkExploration[decision.Arm.Server].Left(decision.Sequence);
    }

    private Decision? NextExploration(int best, int promising) =>
        _serverExploration.Next(_costs, best, promising, _sequence) is >= 0 and var arm
            ? Explore(_arms.CanRace && _arms[best].IsOnDevice && arm != promising ? CheapToRace(arm) : arm, best)
            : null;

    private Decision? RaceUnderDoubtOrNone()
    {
        var arm = RaceUnderDoubt.Choose(_costs, _serverExploration.All);
        if (arm < 0) return null;
        _serverExploration[_arms[arm].Server].Raced(_sequence);
        return Take(arm) with { IsRaced = true };
    }

    private bool IsWorthRacing(int arm, int best)
    {
        if (!_arms.CanRace || _arms[arm].IsOnDevice) return false;
        var deviation = Math.Sqrt(_costs.Covariance(arm, arm));
        var device = _costs.Exits.Stay(arm) < 1 ? _costs.DeviceBeside(arm) : _costs.Mean(_arms.OnDevice);
        return (arm != best || deviation > Doubt * _costs.Mean(arm)) && device < _costs.Mean(arm) + (2 * deviation);
    }

    private Decision Explore(int arm, int best)
    {
        _serverExploration[_arms[arm].Server].Begin(_sequence);
        var isWorthRacing = best == _arms.OnDevice || _costs.Mean(_arms.OnDevice) < WorthRacing * _costs.Mean(arm);
        return Take(arm) with { IsForced = true, IsRaced = _arms.CanRace && isWorthRacing };
    }

    // While the device answers, any arm shows what has become of a server and its link. Where its own variant is not the one that the device runs,
    // the head is run in vain.
    private int CheapToRace(int arm)
    {
        var limit = DearestRace * _costs.Mean(_arms.OnDevice);
        if (_costs.DeviceBeside(arm) <= limit) return arm;
        var cheapest = arm;
        foreach (var other in _arms.RemoteOf(_arms[arm].Server))
        {
            var (price, least) = (_costs.DeviceBeside(other), _costs.DeviceBeside(cheapest));
            if (price <= limit && least <= limit ? _costs.Mean(other) < _costs.Mean(cheapest) : price < least) cheapest = other;
        }

        return cheapest;
    }

    private Decision Take(int arm) => new()
    {
        Arm = _arms[arm],
        PredictedSeconds = _costs.Mean(arm),
        LateAfterSeconds = _arms.CanRace && !_arms[arm].IsOnDevice ? _costs.LateAfter(arm) : 0,
        Local = _arms.Remotes < _arms.Main && !_arms[arm].IsOnDevice ? _arms[_costs.StandIn(arm)] : null,
        DeviceSeconds = _arms.AllowsDevice ? _costs.Mean(_arms.OnDevice) : 0,
        PredictedExitSeconds = _costs.Exits.Stay(arm) < 1 ? _costs.Ahead(arm) : null,
        UnansweredSeconds = _costs.Exits.Stay(arm) < 1 ? _costs.Unanswered(arm) : null,
        ExitRate = 1 - _costs.Exits.Stay(arm),
        Sequence = _sequence,
    };
}
