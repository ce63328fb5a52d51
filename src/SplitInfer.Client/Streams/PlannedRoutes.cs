using SplitInfer.Client.Servers;
using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Streams;

/// <summary>Routes that a planner chooses.</summary>
internal sealed class PlannedRoutes : IFrameRoutes
{
    private readonly ServerSet _servers;
    private readonly RoundTripNews? _news;
    private readonly StreamPlanner _planner;
    private readonly int[] _outstanding;
    private readonly double[] _roundTrips;

    public PlannedRoutes(SplitInferenceClient client, PolicySetup setup, StreamOptions options)
    {
        (_servers, _news) = (client.ServerHandles, client.RoundTrips);
        _planner = new(setup, new() { MaxLatencySeconds = options.MaxLatency?.TotalSeconds ?? double.PositiveInfinity, FramesPerSecond = options.FramesPerSecond });
        (_outstanding, _roundTrips) = (new int[_servers.All.Length], new double[_servers.All.Length]);
        Array.Fill(_roundTrips, double.PositiveInfinity);
        if (_news is null) return;
        for (var server = 0; server < _servers.All.Length; server++)
            if (_news.Last(server) is > 0 and var seconds) ObserveRoundTrip(server, seconds);
        _news.Measured += ObserveRoundTrip;
    }

    public int Window => _planner.Window;

    public double BoundFramesPerSecond => _planner.Forecast.MostFramesPerSecond;

    public FrameRoute Next(double now)
    {
        var chosen = _planner.Next(new() { NowSeconds = now, UnavailableServers = _servers.All.IsEmpty ? ulong.MaxValue : _servers.Unavailable | _servers.Lacking(variant: 0) });
        if (!chosen.Arm.IsOnDevice) Interlocked.Increment(ref _outstanding[chosen.Arm.Server]);
        return new(new() { Arm = chosen.Arm, IsForced = chosen.IsProbe, PredictedSeconds = chosen.PredictedSeconds, Sequence = chosen.Sequence }, chosen);
    }

    public void Observe(in StageTimes times)
    {
        if (times.Decision.Arm is { IsOnDevice: false } arm) Interlocked.Decrement(ref _outstanding[arm.Server]);
        _planner.Observe(times);
    }

    public void Dispose()
    {
        if (_news is not null) _news.Measured -= ObserveRoundTrip;
    }

    /// <summary>A ping waits behind frames that are being sent, so that it tells of the way alone where there are none, or where it is shorter than one before.</summary>
    private void ObserveRoundTrip(int server, double seconds)
    {
        if (Volatile.Read(ref _outstanding[server]) > 0 && seconds >= Volatile.Read(ref _roundTrips[server])) return;
        Volatile.Write(ref _roundTrips[server], seconds);
        _planner.ObserveRoundTrip(server, seconds);
    }
}
