namespace SplitInfer.Policies.Streams;

/// <summary>The learned quantities that a plan was made of, in order to see when it has to be made again. Not thread-safe.</summary>
internal sealed class LearnedState(int servers)
{
    /// <summary>How far a quantity moves, relative to itself, until a plan is made again.</summary>
    private const double Moved = 0.05;

    /// <summary>The same for the rate at which frames come, which is only known from when they come.</summary>
    private const double RateMoved = 0.15;

    private readonly double[] _perBit = new double[servers];
    private readonly double[] _roundTrips = new double[servers];
    private readonly double[] _tails = new double[servers];
    private double _slowdown;
    private double _arriving;
    private double _longest;

    /// <summary>Takes note of what they are.</summary>
    public void Set(StreamCosts costs, double arriving, double longest)
    {
        (_slowdown, _arriving, _longest) = (costs.Slowdown, arriving, longest);
        for (var server = 0; server < servers; server++) (_perBit[server], _roundTrips[server], _tails[server]) = (costs.SecondsPerBit(server), costs.RoundTrip(server), costs.TailLevel(server));
    }

    /// <summary>Whether one of them has moved, or what is expected of a route that is used.</summary>
    public bool HasMoved(StreamCosts costs, RoutePlan plan, double arriving, double longest)
    {
        if (HasMoved(costs.Slowdown, _slowdown, Moved) || HasMoved(arriving, _arriving, RateMoved) || HasMoved(longest, _longest, Moved)) return true;
        var latency = 0.0;
        foreach (ref readonly var route in plan.Routes)
        {
            var now = costs.Of(route.Arm);
            latency = Math.Max(latency, route.Latency);
            if (HasMoved(now.Device, route.Device, Moved) || HasMoved(now.Link, route.Link, Moved) || HasMoved(now.Tail, route.Tail, Moved)) return true;
        }

        for (var server = 0; server < servers; server++)
        {
            if (HasMoved(costs.SecondsPerBit(server), _perBit[server], Moved) || Math.Abs(costs.TailLevel(server) - _tails[server]) > Moved) return true;

            // A round trip occupies nothing, so it matters as far as it makes frames later.
            if (Math.Abs(costs.RoundTrip(server) - _roundTrips[server]) > Moved * Math.Max(latency, _roundTrips[server])) return true;
        }

        return false;
    }

    private static bool HasMoved(double now, double then, double by) => now != then && !(Math.Abs(now - then) <= by * then);
}
