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

    public PlannedRoutes(SplitInferenceClient client, PolicySetup setup, StreamOptions options)
    {
        (_servers, _news) = (client.ServerHandles, client.RoundTrips);
        _planner = new(setup, new() { MaxLatencySeconds = options.MaxLatency?.TotalSeconds ?? double.PositiveInfinity, FramesPerSecond = options.FramesPerSecond });
        if (_news is null) return;
        for (var server = 0; server < _servers.All.Length; server++)
            if (_news.Last(server) is > 0 and var seconds) _planner.ObserveRoundTrip(server, seconds);
        _news.Measured += _planner.ObserveRoundTrip;
    }

    public int Window => _planner.Window;

    public double BoundFramesPerSecond => _planner.Forecast.MostFramesPerSecond;

    public FrameRoute Next(double now)
    {
        var chosen = _planner.Next(new() { NowSeconds = now, UnavailableServers = _servers.All.IsEmpty ? ulong.MaxValue : _servers.Unavailable | _servers.Lacking(variant: 0) });
        return new(new() { Arm = chosen.Arm, IsForced = chosen.IsProbe, PredictedSeconds = chosen.PredictedSeconds, Sequence = chosen.Sequence }, chosen);
    }

    public void Observe(in StageTimes times) => _planner.Observe(times);

    public void Dispose()
    {
        if (_news is not null) _news.Measured -= _planner.ObserveRoundTrip;
    }
}
