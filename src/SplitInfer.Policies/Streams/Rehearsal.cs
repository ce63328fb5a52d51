namespace SplitInfer.Policies.Streams;

/// <summary>
/// Plays a plan with the costs that are expected, without chance, in order to see what the formulas of single stages do not show: how many frames have to be in flight for
/// routes that share a device to keep all stages busy, and how long frames then wait behind those of other routes. Not thread-safe.
/// </summary>
internal sealed class Rehearsal
{
    private const int Frames = 96, WarmUp = 16;

    /// <summary>The most frames in flight.</summary>
    public const int MaxWindow = 64;

    private readonly StageClock _clock;
    private readonly RouteShares _shares;
    private readonly double[] _inFlight = new double[MaxWindow];
    private readonly double[] _latencies;

    public Rehearsal(int servers, int maxRoutes) => (_clock, _shares, _latencies) = (new(servers), new(maxRoutes), new double[maxRoutes]);

    /// <summary>By route: the longest that a frame took, s.</summary>
    public ReadOnlySpan<double> Latencies => _latencies.AsSpan(0, _shares.Count);

    /// <summary>The longest of <see cref="Latencies"/>.</summary>
    public double Longest { get; private set; }

    /// <summary>Sets how many frames a server runs at a time.</summary>
    public void SetPlaces(int server, int count) => _clock.SetPlaces(server, count);

    /// <summary>Plays.</summary>
    /// <param name="routes">The routes that are used.</param>
    /// <param name="shares">Their shares, which add up to 1.</param>
    /// <param name="window">Frames in flight, at most <see cref="MaxWindow"/>.</param>
    /// <param name="arriving">Frames that come in a second; infinity where there is always another one.</param>
    /// <returns>Frames a second that had a result.</returns>
    public double Play(ReadOnlySpan<RouteCost> routes, ReadOnlySpan<double> shares, int window, double arriving)
    {
        _clock.Reset(0);
        _shares.Clear();
        _shares.Reset(routes, shares);
        Array.Clear(_latencies);
        Array.Clear(_inFlight);
        var (interval, now, warm, last) = (1 / arriving, 0.0, 0.0, 0.0);
        Longest = 0;
        var from = window + WarmUp;
        for (var frame = 0; frame < from + Frames; frame++)
        {
            // The frame that is done first makes room.
            var slot = 0;
            for (var i = 1; i < window; i++)
                if (_inFlight[i] < _inFlight[slot]) slot = i;
            now = Math.Max(Math.Max(now, frame * interval), _inFlight[slot]);
            _shares.Advance();
            var route = _shares.Earliest(routes, _clock, now, mustBeOwed: true, out _);
            _shares.Take(route);
            var done = _clock.Admit(routes[route], now);
            _inFlight[slot] = done;
            if (frame < from) continue;
            if (frame == from) warm = now;
            last = now;
            _latencies[route] = Math.Max(_latencies[route], done - now);
            Longest = Math.Max(Longest, done - now);
        }

        return last > warm ? (Frames - 1) / (last - warm) : double.PositiveInfinity;
    }
}
