namespace SplitInfer.Policies.Streams;

/// <summary>
/// Keeps the frames of a few routes in proportion. Each frame gives every route its share of a turn and takes one turn from the route that it goes by; a route that is
/// owed a turn may be taken. Since turns add up to 0, no route is ever owed more than there are others. Not thread-safe.
/// </summary>
internal sealed class RouteShares
{
    /// <summary>A route of which frames take so many times what is planned is not taken only because it is owed a turn.</summary>
    private const double TooLate = 1.5;

    /// <summary>Turns that a route is owed from one plan to the next.</summary>
    private const double MostOwed = 3;

    private readonly double[] _shares;
    private readonly double[] _owed;
    private readonly double[] _carried;
    private readonly int[] _arms;

    public RouteShares(int maxRoutes) => (_shares, _owed, _carried, _arms) = (new double[maxRoutes], new double[maxRoutes], new double[maxRoutes], new int[maxRoutes]);

    /// <summary>The number of routes.</summary>
    public int Count { get; private set; }

    /// <summary>Begins anew.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="shares">Their shares, which add up to 1.</param>
    public void Reset(ReadOnlySpan<RouteCost> routes, ReadOnlySpan<double> shares)
    {
        // Routes that stay are owed what they were, or the rarer ones would never have their turn where plans change often.
        var sum = 0.0;
        for (var route = 0; route < routes.Length; route++)
        {
            var owed = 0.0;
            for (var old = 0; old < Count; old++)
                if (_arms[old] == routes[route].Arm) owed = Math.Clamp(_owed[old], -MostOwed, MostOwed);
            _carried[route] = owed;
            sum += owed;
        }

        Count = routes.Length;
        shares.CopyTo(_shares);
        for (var route = 0; route < Count; route++) (_arms[route], _owed[route]) = (routes[route].Arm, _carried[route] - (sum / Count));
    }

    /// <summary>Forgets all turns.</summary>
    public void Clear() => Count = 0;

    /// <summary>A frame has come.</summary>
    public void Advance()
    {
        for (var route = 0; route < Count; route++) _owed[route] += _shares[route];
    }

    /// <summary>The frame takes a route.</summary>
    public void Take(int route) => _owed[route]--;

    /// <summary>
    /// The place of the route that is owed a turn and has its result first, the first of equals. If its link or server makes it much later than planned, shares are of a time before that became
    /// slow, and the route that has its result first is taken whether it is owed a turn or not.
    /// </summary>
    /// <param name="plan">The routes and their latencies.</param>
    /// <param name="clock">Until when stages are occupied.</param>
    /// <param name="now">Now, s.</param>
    public int Choose(RoutePlan plan, StageClock clock, double now)
    {
        var owed = Earliest(plan.Routes, clock, now, mustBeOwed: true, out var at);

        // What is ahead on the device delays all routes alike.
        if (at - Math.Max(now, clock.Device) <= TooLate * plan.Latencies[owed]) return owed;
        var first = Earliest(plan.Routes, clock, now, mustBeOwed: false, out var earliest);
        return earliest < at ? first : owed;
    }

    /// <summary>The place of the route that has its result first, the first of equals.</summary>
    public int Earliest(ReadOnlySpan<RouteCost> routes, StageClock clock, double now, bool mustBeOwed, out double completes)
    {
        var best = -1;
        completes = double.PositiveInfinity;
        for (var route = 0; route < Count; route++)
        {
            if ((mustBeOwed && _owed[route] <= 0) || clock.Expect(routes[route], now) is var at && at >= completes) continue;
            (best, completes) = (route, at);
        }

        return best;
    }
}
