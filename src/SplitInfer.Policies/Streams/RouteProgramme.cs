namespace SplitInfer.Policies.Streams;

/// <summary>
/// How many frames a second each route should take: as many as device, links and servers can carry or, where fewer come, those in the least mean latency. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// x_r         frames a second of route r
/// rows        Σ x_r·device_r ≤ ρ, for each link Σ x_r·link_r ≤ ρ, for each server Σ x_r·tail_r ≤ ρ·places
/// most        max Σ x_r
/// within λ    the same with Σ x_r ≤ λ; where λ is reached, then min Σ x_r·latency_r with Σ x_r = λ
/// </code>
/// So at most 1 + 2·servers routes are used, and one more within λ.
/// </remarks>
/// <param name="servers">The number of servers.</param>
/// <param name="maxRoutes">The most routes.</param>
internal sealed class RouteProgramme(int servers, int maxRoutes)
{
    /// <summary>A route that used nothing could be taken without end.</summary>
    private const double LeastSeconds = 1e-7;

    private readonly LinearProgramme _programme = new((2 * servers) + 2, maxRoutes);
    private readonly double[] _rates = new double[maxRoutes];

    /// <summary>Frames a second of each route of the last solution.</summary>
    public ReadOnlySpan<double> Rates => _rates.AsSpan(0, _programme.Columns);

    /// <summary>The sum of <see cref="Rates"/>.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Finds the rates.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="isLeftOut">By route: whether it may not be taken.</param>
    /// <param name="places">By server: how many frames it runs at a time for this stream.</param>
    /// <param name="utilization">ρ.</param>
    /// <param name="arriving">λ, frames a second; infinity for as many as possible.</param>
    public void Solve(ReadOnlySpan<RouteCost> routes, ReadOnlySpan<bool> isLeftOut, ReadOnlySpan<double> places, double utilization, double arriving)
    {
        var isBounded = double.IsFinite(arriving);
        var flow = (2 * servers) + 1;
        _programme.Begin(isBounded ? flow + 1 : flow, routes.Length);
        for (var r = 0; r < routes.Length; r++)
        {
            ref readonly var route = ref routes[r];
            _programme.SetUse(0, r, Math.Max(route.Device, LeastSeconds));
            if (isBounded) _programme.SetUse(flow, r, 1);
            if (!isLeftOut[r]) _programme.SetGain(r, 1);
            if (route.IsOnDevice) continue;
            _programme.SetUse(LinkRow(route.Server), r, route.Link);
            _programme.SetUse(ServerRow(route.Server), r, route.Tail);
        }

        _programme.SetLimit(0, utilization);
        for (var server = 0; server < servers; server++)
        {
            _programme.SetLimit(LinkRow(server), utilization);
            _programme.SetLimit(ServerRow(server), utilization * places[server]);
        }

        if (isBounded) _programme.SetLimit(flow, arriving);
        _programme.Solve();
        if (isBounded && _programme.Close(flow)) MinimiseLatency(routes, isLeftOut);
        FramesPerSecond = 0;
        for (var r = 0; r < routes.Length; r++) FramesPerSecond += _rates[r] = _programme.Value(r);
    }

    /// <summary>How many frames less the stream has for one that takes a route, at the last solution of as many as possible; below 0 where it would have more.</summary>
    public double Loss(in RouteCost route)
    {
        var worth = Math.Max(route.Device, LeastSeconds) * _programme.Price(0);
        if (!route.IsOnDevice) worth += (route.Link * _programme.Price(LinkRow(route.Server))) + (route.Tail * _programme.Price(ServerRow(route.Server)));
        return worth - 1;
    }

    // Of what is left out nothing may come in, which would be free as long as it gained nothing.
    private void MinimiseLatency(ReadOnlySpan<RouteCost> routes, ReadOnlySpan<bool> isLeftOut)
    {
        var longest = 0.0;
        foreach (ref readonly var route in routes) longest = Math.Max(longest, route.Latency);
        for (var r = 0; r < routes.Length; r++) _programme.SetGain(r, isLeftOut[r] ? -1e6 * (1 + longest) : -routes[r].Latency);
        _programme.Solve();
    }

    private static int LinkRow(int server) => 1 + (2 * server);

    private static int ServerRow(int server) => 2 + (2 * server);
}
