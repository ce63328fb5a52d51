namespace SplitInfer.Policies.Streams;

/// <summary>
/// Keeps the frames of a few routes in proportion. Each frame gives every route its share of a turn and takes one turn from the route that it goes by; a route that is
/// owed a turn may be taken. Since turns add up to 0, no route is ever owed more than there are others. Not thread-safe.
/// </summary>
internal sealed class RouteShares
{
    private readonly double[] _shares;
    private readonly double[] _owed;
    private readonly double[] _carried;
    private readonly int[] _arms;

    public RouteShares(int maxRoutes) => (_shares, _owed, _carried, _arms) = (new double[maxRoutes], new double[maxRoutes], new double[maxRoutes], new int[maxRoutes]);

    /// <summary>The number of routes.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a route may be taken now, after <see cref="Advance"/>.</summary>
    public bool IsOwed(int route) => _owed[route] > 0;

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
                if (_arms[old] == routes[route].Arm) owed = _owed[old];
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

    /// <summary>The place of the route that is owed a turn and has its result first, the first of equals.</summary>
    public int Earliest(ReadOnlySpan<RouteCost> routes, StageClock clock, double now, out double completes)
    {
        var best = -1;
        completes = double.PositiveInfinity;
        for (var route = 0; route < Count; route++)
        {
            if (!IsOwed(route) || clock.Expect(routes[route], now) is var at && at >= completes) continue;
            (best, completes) = (route, at);
        }

        return best;
    }
}
