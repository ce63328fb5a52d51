namespace SplitInfer.Policies.Streams;

/// <summary>
/// The arms that are routes of a stream: those of the main variant without an exit that are accurate enough. An exit answers some frames and not others, so that routes with one would
/// not occupy stages as a programme of means takes it. Not thread-safe.
/// </summary>
internal sealed class RouteSet
{
    /// <summary>With more routes than these only the arms are taken that are the fastest in some circumstances; no others solve a programme of this kind.</summary>
    private const int MaxRoutes = 256;

    private readonly bool[] _isRoute;
    private readonly int[] _ofServer;
    private readonly RouteCost[] _costs;
    private readonly int _whole;
    private readonly bool _isPruned;
    private int _count;

    public RouteSet(PolicySetup setup, ArmTable arms, double minAccuracy)
    {
        _whole = arms.Main;
        _isRoute = [.. setup.Arms.Select(description => description is { Arm: { Exit: 0, IsOnDevice: false }, Accuracy: var accuracy } && description.Arm.Variant == arms[arms.Main].Variant && accuracy >= minAccuracy - 1e-9)];
        _isPruned = _isRoute.Count(static isRoute => isRoute) >= MaxRoutes;
        (_costs, _ofServer) = (new RouteCost[_isRoute.Length + 1], new int[_isRoute.Length]);
    }

    /// <summary>The most routes.</summary>
    public int Capacity => _costs.Length;

    /// <summary>The routes at the last <see cref="Refresh"/>; the device alone comes last.</summary>
    public ReadOnlySpan<RouteCost> Costs => _costs.AsSpan(0, _count);

    /// <summary>The arms of a server that may be taken now.</summary>
    public ReadOnlySpan<int> OfServer(ArmTable arms, int server)
    {
        var count = 0;
        foreach (var arm in _isPruned ? arms.ExploredOf(server) : arms.RemoteOf(server))
            if (_isRoute[arm]) _ofServer[count++] = arm;
        return _ofServer.AsSpan(0, count);
    }

    /// <summary>Works out what the routes of servers that a frame has measured cost.</summary>
    public void Refresh(StreamCosts costs, ArmTable arms)
    {
        _count = 0;
        for (var server = 0; server < arms.Servers; server++)
        {
            if (!costs.IsKnown(server)) continue;
            foreach (var arm in OfServer(arms, server)) _costs[_count++] = costs.Of(arm);
        }

        _costs[_count++] = costs.Of(_whole);
    }
}
