namespace SplitInfer.Policies.Streams;

/// <summary>
/// Says when a frame takes a route in order to learn: a server that no frame has measured, one that no frame has gone to for a while, and a route of which so little is known that it
/// may well be worth more than those that are used. What that loses is counted in frames, by the prices of the programme, and kept small. Not thread-safe.
/// </summary>
internal sealed class StreamExploration
{
    /// <summary>Bits a second of a link that nothing is known of, so that the first payload is a small one: a link that is faster shows that as well.</summary>
    private const double CautiousBitsPerSecond = 4e6;

    /// <summary>Frames between two of them, and until a server that does not answer or a route that was tried is tried again.</summary>
    private const int Pause = 4, Retry = 64, RetryRoute = 1024;

    /// <summary>Frames for which a server may be unused; twice as many each time, up to the second.</summary>
    private const int FirstStale = 32, MostStale = 256;

    /// <summary>How well a route has to turn out, in standard deviations, in order to gain so much.</summary>
    private const double Hope = 1.5, LeastGain = 0.02;

    /// <summary>How long a route may occupy device and link, as a part of what frames usually take.</summary>
    private const double MostUsual = 0.5;

    /// <summary>Frames that may be lost, as a part of all, and to begin with.</summary>
    private const double LostPart = 0.003, LostAtFirst = 1;

    private readonly long[] _usedAt;
    private readonly int[] _stale;
    private readonly long[] _metAt;
    private readonly long[] _triedAt;
    private int _candidate = -1;
    private double _candidateLoss;
    private double _lost;
    private long _nextAt;

    public StreamExploration(int servers, int arms)
    {
        (_usedAt, _stale, _metAt, _triedAt) = (new long[servers], new int[servers], new long[servers], new long[arms]);
        Array.Fill(_stale, FirstStale);
        Array.Fill(_metAt, -Retry);
        Array.Fill(_triedAt, -RetryRoute);
    }

    /// <summary>A frame takes a route.</summary>
    public void NoteUse(in RouteCost route, long sequence, bool isProbe)
    {
        if (route.IsOnDevice) return;
        _usedAt[route.Server] = sequence;
        if (!isProbe) _stale[route.Server] = FirstStale;
    }

    /// <summary>A plan was made.</summary>
    public void Reconsider(StreamCosts costs, ReadOnlySpan<RouteCost> routes, RoutePlanning planning, RoutePlan plan, double longest, long sequence)
    {
        (_candidate, _candidateLoss) = (-1, 0);
        var (most, mean, usual) = (LeastGain, plan.Latency, plan.Window / plan.FramesPerSecond);
        foreach (ref readonly var route in plan.Routes) usual = Math.Max(usual, route.Latency);

        foreach (ref readonly var route in routes)
        {
            if (sequence - _triedAt[route.Arm] < RetryRoute) continue;
            var hoped = costs.Hoped(route.Arm, Hope);
            var gain = planning.IsSaturated ? -planning.Loss(hoped) : 1 - (hoped.Latency / mean);

            // One that blocked a stage for as long as frames are under way would hold up all others.
            if (gain <= most || hoped.Latency > longest || route.Device + route.Link > MostUsual * usual || route.Latency > usual || plan.Uses(route.Arm)) continue;
            (most, _candidate) = (gain, route.Arm);
            _candidateLoss = Math.Max(0, planning.IsSaturated ? planning.Loss(route) : (route.Latency / mean) - 1);
        }
    }

    /// <summary>The arm that a frame takes in order to learn; −1 for none.</summary>
    public int Choose(StreamCosts costs, ArmTable arms, RouteSet routes, long sequence)
    {
        if (sequence < _nextAt) return -1;
        for (var server = 0; server < _usedAt.Length; server++)
        {
            if (costs.IsKnown(server) || sequence - _metAt[server] < Retry || Cheapest(costs, routes.OfServer(arms, server), CautiousBitsPerSecond) is not (>= 0 and var first)) continue;
            _metAt[server] = sequence;
            return first;
        }

        for (var server = 0; server < _usedAt.Length; server++)
        {
            if (!costs.IsKnown(server) || sequence - _usedAt[server] < _stale[server] || Cheapest(costs, routes.OfServer(arms, server), 1 / costs.SecondsPerBit(server)) is not (>= 0 and var again)) continue;
            _stale[server] = Math.Min(2 * _stale[server], MostStale);
            return Take(again, sequence);
        }

        if (_candidate < 0 || _lost + _candidateLoss > LostAtFirst + (LostPart * sequence)) return -1;
        _lost += _candidateLoss;
        (var arm, _candidate) = (_candidate, -1);
        return Take(arm, sequence);
    }

    private int Take(int arm, long sequence)
    {
        (_triedAt[arm], _nextAt) = (sequence, sequence + Pause);
        return arm;
    }

    private static int Cheapest(StreamCosts costs, ReadOnlySpan<int> arms, double bitsPerSecond)
    {
        var (best, least) = (-1, double.PositiveInfinity);
        foreach (var arm in arms)
        {
            var cost = costs.Of(arm);
            var seconds = cost.Latency - cost.Link + (costs.Bits(arm) / bitsPerSecond);
            if (seconds < least) (best, least) = (arm, seconds);
        }

        return best;
    }
}
