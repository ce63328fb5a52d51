using System.Collections.Immutable;

namespace SplitInfer.Policies.Streams;

/// <summary>
/// Chooses the route of each frame of a stream: all on the device, all on a server, or split at a cut, several of them side by side, so that device, links and servers are busy at
/// the same time. A linear programme over what frames occupy of each says how many take which route; it is solved again when something that is learned has moved by 5 %. A frame takes
/// the route by which it is expected to have its result first among those whose share is not used up. Safe for concurrent use; choosing and observing allocate nothing.
/// </summary>
/// <remarks>Routes are the arms of the main variant without exits. What is learned is learned from <see cref="Observe"/> alone; <see cref="PolicySetup"/> is not changed.</remarks>
public sealed class StreamPlanner
{
    /// <summary>Frames after which a plan is made again in any case.</summary>
    private const int Lifetime = 256;

    /// <summary>Frames in flight over a link that nothing is known of; one more for each frame that has measured it.</summary>
    private const int FirstWindow = 3;

    /// <summary>Frames queue at a link for so many times the longest that a frame is planned to take if it has become slow.</summary>
    private const double StuckAfter = 1.5;

    private readonly Lock _lock = new();
    private readonly StreamPlannerOptions _options;
    private readonly ArmTable _arms;
    private readonly RouteSet _routes;
    private readonly StreamCosts _costs;
    private readonly RoutePlanning _planning;
    private readonly RoutePlan _plan;
    private readonly RouteShares _shares;
    private readonly LearnedState _learned;
    private readonly StreamExploration _exploration;
    private readonly FramesInFlight _flight = new();
    private readonly ArrivalRate _arrivals;
    private readonly LatencyCaution _caution;
    private readonly StageClock _clock;
    private readonly ArmMask _mask;
    private ulong _unavailable;
    private int _masked;
    private long _sequence;
    private long _plannedAt;
    private int _window = 2;
    private bool _isStale = true;

    /// <summary>Makes a planner that has seen no frame.</summary>
    /// <param name="setup">What it starts from: arms, heads, constraints and mask. The rest is of no importance to streams.</param>
    /// <param name="options">What is asked of the stream.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the arms are not in the order that <see cref="PolicySetup.Arms"/> asks for.</exception>
    public StreamPlanner(PolicySetup setup, StreamPlannerOptions options)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        (_options, _arms, _mask) = (options, new(setup), setup.Mask);
        (_costs, _routes) = (new(setup, _arms, options.MaxLatencySeconds), new(setup, _arms, options.MinAccuracy));
        _planning = new(_arms.Servers, _routes.Capacity);
        (_plan, _shares) = (new(_planning.MaxUsed), new(_planning.MaxUsed));
        (_learned, _exploration, _clock) = (new(_arms.Servers), new(_arms.Servers, _arms.Count), new(_arms.Servers));
        (_arrivals, _caution) = (new(options.FramesPerSecond), new(options.MaxLatencySeconds));
        _arms.Refresh(default);
        Plan();
    }

    /// <summary>
    /// Frames that may be in flight now, from the choice of their route to their outcome, at least 2: as many as keep the stages busy, and no more than leave frames in time.
    /// </summary>
    public int Window => Volatile.Read(ref _window);

    /// <summary>What is expected of the stream at the moment.</summary>
    public StreamForecast Forecast
    {
        get
        {
            lock (_lock)
            {
                var routes = ImmutableArray.CreateBuilder<StreamRoute>(_plan.Routes.Length);
                for (var i = 0; i < _plan.Routes.Length; i++)
                {
                    ref readonly var route = ref _plan.Routes[i];
                    routes.Add(new(_arms[route.Arm], _plan.Shares[i] * _plan.FramesPerSecond, _plan.Shares[i], _plan.Latencies[i], route.Device, route.Link, route.Tail));
                }

                return new()
                {
                    MostFramesPerSecond = _planning.MostFramesPerSecond,
                    FramesPerSecond = _plan.FramesPerSecond,
                    Utilization = _planning.IsSaturated ? 1 : _options.Utilization,
                    Window = _window,
                    Routes = routes.MoveToImmutable(),
                };
            }
        }
    }

    /// <summary>Chooses the route of the next frame. Whoever calls keeps to <see cref="Window"/>, and tells the outcome of every decision to <see cref="Observe"/>.</summary>
    /// <param name="moment">Now.</param>
    public StreamDecision Next(in StreamMoment moment)
    {
        lock (_lock)
        {
            var now = moment.NowSeconds;
            _sequence++;
            _arrivals.Observe(now);
            _costs.Advance();
            Look(moment.UnavailableServers);
            if (_isStale || _sequence - _plannedAt >= Lifetime) Plan();
            _flight.Replay(_costs, _clock, now);
            var arm = _exploration.Choose(_costs, _arms, _routes, _sequence);
            var isProbe = arm >= 0;
            if (!isProbe)
            {
                _shares.Advance();
                var route = _shares.Choose(_plan, _clock, now);
                _shares.Take(route);
                arm = _plan.Routes[route].Arm;
            }

            var cost = _costs.Of(arm);
            var done = _clock.Admit(cost, now);
            _flight.Add(_sequence, cost, now, _clock.Device);
            _exploration.NoteUse(cost, _sequence, isProbe);
            if (!cost.IsOnDevice) _costs.Begin(cost.Server, _sequence);
            if (_flight.Count >= _window) _arrivals.Fill();
            return new() { Arm = _arms[arm], Sequence = _sequence, PredictedSeconds = done - now, IsProbe = isProbe };
        }
    }

    /// <summary>
    /// Learns what a frame took: once for each decision, in the order in which frames end, also for one that failed, was late or was given up. Others are ignored.
    /// </summary>
    /// <param name="times">What it took.</param>
    public void Observe(in StageTimes times)
    {
        lock (_lock)
        {
            if (!_flight.Remove(times)) return;
            _costs.Observe(times);
            _caution.Observe(times);
            _isStale |= _learned.HasMoved(_costs, _plan, _arrivals.FramesPerSecond, _caution.PlannedSeconds);
            SetWindow();
            if (_flight.Count < _window) _arrivals.MakeRoom(times.Decision.Arm.IsOnDevice || double.IsNaN(times.RepliedAt) ? times.DeviceEnded : times.RepliedAt);
            else _arrivals.Fill();
        }
    }

    /// <summary>Learns the round-trip time of a message that is too small to take any time on the link.</summary>
    /// <param name="server">The server that was pinged; others than those of the setup are ignored.</param>
    /// <param name="seconds">From sending it to its echo, s; only what is more than 0 counts.</param>
    public void ObserveRoundTrip(int server, double seconds)
    {
        lock (_lock)
        {
            if ((uint)server >= (uint)_arms.Servers || !(seconds > 0 && seconds <= Outcome.MaxSeconds)) return;
            _costs.ObserveRoundTrip(server, seconds);
            _isStale |= _learned.HasMoved(_costs, _plan, _arrivals.FramesPerSecond, _caution.PlannedSeconds);
        }
    }

    // Servers that come and go, and cuts that turn out to be unusable, change what there is to plan with.
    private void Look(ulong unavailable)
    {
        if (unavailable == _unavailable && _masked == _mask.Changes) return;
        (_unavailable, _masked, _isStale) = (unavailable, _mask.Changes, true);
        _arms.Refresh(new() { UnavailableServers = unavailable });
    }

    private void Plan()
    {
        for (var server = 0; server < _arms.Servers; server++) _planning.SetPlaces(server, _costs.Places(server));
        var (arriving, longest) = (_arrivals.FramesPerSecond, _caution.PlannedSeconds);
        _routes.Refresh(_costs, _arms);
        _planning.Make(_routes.Costs, arriving, _options.Utilization, _options.MaxLatencySeconds, longest, _plan);
        _shares.Reset(_plan.Routes, _plan.Shares);
        _learned.Set(_costs, arriving, longest);
        _exploration.Reconsider(_costs, _routes.Costs, _planning, _plan, longest, _sequence);
        (_isStale, _plannedAt) = (false, _sequence);
        SetWindow();
    }

    // A link that few frames have measured may be slower than it seems, and many frames would then queue there. Those that queue at one that has become slow take no room from others.
    private void SetWindow()
    {
        var (most, stuck, longest) = (_plan.Window, 0, 0.0);
        foreach (var latency in _plan.Latencies) longest = Math.Max(longest, latency);
        for (var server = 0; server < _arms.Servers; server++)
        {
            var (share, link) = (0.0, 0.0);
            for (var i = 0; i < _plan.Routes.Length; i++)
            {
                if (_plan.Routes[i].Server != server) continue;
                (share, link) = (share + _plan.Shares[i], Math.Max(link, _costs.Of(_plan.Routes[i].Arm).Link));
            }

            if (share > 0) most = Math.Min(most, FirstWindow + _costs.Measured(server));
            var queue = _costs.Outstanding(server);
            if (queue * link > StuckAfter * longest) stuck += Math.Max(0, queue - (int)Math.Ceiling(share * _plan.Window));
        }

        Volatile.Write(ref _window, Math.Min(most + stuck, Rehearsal.MaxWindow));
    }
}
