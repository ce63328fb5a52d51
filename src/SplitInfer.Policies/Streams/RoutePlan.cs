namespace SplitInfer.Policies.Streams;

/// <summary>The routes that are used, their shares and how many frames are in flight. Reused from plan to plan. Not thread-safe.</summary>
internal sealed class RoutePlan(int maxRoutes)
{
    private readonly RouteCost[] _routes = new RouteCost[maxRoutes];
    private readonly double[] _shares = new double[maxRoutes];
    private readonly double[] _latencies = new double[maxRoutes];
    private int _count;

    /// <summary>The routes.</summary>
    public ReadOnlySpan<RouteCost> Routes => _routes.AsSpan(0, _count);

    /// <summary>Their shares, which add up to 1.</summary>
    public ReadOnlySpan<double> Shares => _shares.AsSpan(0, _count);

    /// <summary>The longest that frames of each are expected to take, s.</summary>
    public ReadOnlySpan<double> Latencies => _latencies.AsSpan(0, _count);

    /// <summary>Frames a second.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Frames in flight.</summary>
    public int Window { get; private set; }

    /// <summary>What frames take in the mean that wait behind no other, s.</summary>
    public double Latency
    {
        get
        {
            var mean = 0.0;
            for (var route = 0; route < _count; route++) mean += _shares[route] * _routes[route].Latency;
            return mean;
        }
    }

    /// <summary>Whether any frame is sent.</summary>
    public bool UsesLinks
    {
        get
        {
            foreach (ref readonly var route in Routes)
                if (!route.IsOnDevice) return true;
            return false;
        }
    }

    /// <summary>The place of the route that the fewest frames take.</summary>
    public int Rarest
    {
        get
        {
            var rarest = 0;
            for (var route = 1; route < _count; route++)
                if (_shares[route] < _shares[rarest]) rarest = route;
            return rarest;
        }
    }

    /// <summary>The place of the route of which a frame blocks a stage the longest.</summary>
    public int Longest
    {
        get
        {
            var longest = 0;
            for (var route = 1; route < _count; route++)
                if (_routes[route].Longest > _routes[longest].Longest) longest = route;
            return longest;
        }
    }

    /// <summary>Whether frames take an arm.</summary>
    public bool Uses(int arm)
    {
        foreach (ref readonly var route in Routes)
            if (route.Arm == arm) return true;
        return false;
    }

    /// <summary>No route yet.</summary>
    public void Clear() => (_count, FramesPerSecond, Window) = (0, 0, 0);

    /// <summary>Takes over the rates of a programme; what is less than <paramref name="least"/> is left out.</summary>
    public void Take(ReadOnlySpan<RouteCost> routes, ReadOnlySpan<double> rates, double least)
    {
        var sum = 0.0;
        Clear();
        for (var route = 0; route < routes.Length; route++)
        {
            if (rates[route] <= least || _count == maxRoutes) continue;
            (_routes[_count], _shares[_count]) = (routes[route], rates[route]);
            sum += rates[route];
            _count++;
        }

        for (var route = 0; route < _count; route++) _shares[route] /= sum;
        FramesPerSecond = sum;
    }

    /// <summary>Takes over what a rehearsal has shown.</summary>
    public void Set(int window, double framesPerSecond, ReadOnlySpan<double> latencies)
    {
        (Window, FramesPerSecond) = (window, framesPerSecond);
        latencies.CopyTo(_latencies);
    }

    /// <summary>Takes over another plan.</summary>
    public void CopyFrom(RoutePlan other)
    {
        other.Routes.CopyTo(_routes);
        other.Shares.CopyTo(_shares);
        other.Latencies.CopyTo(_latencies);
        (_count, FramesPerSecond, Window) = (other._count, other.FramesPerSecond, other.Window);
    }
}
