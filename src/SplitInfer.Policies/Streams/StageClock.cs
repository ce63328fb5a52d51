namespace SplitInfer.Policies.Streams;

/// <summary>
/// Until when each stage is occupied, if frames take what is expected of them: the device and each link one frame at a time, each server as many as it has places, all in
/// the order in which frames come. Seconds of the stream's clock. Not thread-safe.
/// </summary>
internal sealed class StageClock
{
    /// <summary>More places than a single stream ever fills.</summary>
    public const int MaxPlaces = 16;

    private readonly double[] _links;
    private readonly double[] _places;
    private readonly int[] _counts;

    public StageClock(int servers)
    {
        (_links, _places, _counts) = (new double[servers], new double[servers * MaxPlaces], new int[servers]);
        Array.Fill(_counts, 1);
    }

    /// <summary>Until when the device is occupied.</summary>
    public double Device { get; set; }

    /// <summary>Until when a link is occupied.</summary>
    public ref double Link(int server) => ref _links[server];

    /// <summary>Until when the places of a server are occupied.</summary>
    public Span<double> Server(int server) => _places.AsSpan(server * MaxPlaces, _counts[server]);

    /// <summary>Sets how many frames a server runs at a time.</summary>
    public void SetPlaces(int server, int count) => _counts[server] = Math.Clamp(count, 1, MaxPlaces);

    /// <summary>Nothing is occupied any longer than until a time.</summary>
    public void Reset(double now)
    {
        Device = now;
        Array.Fill(_links, now);
        Array.Fill(_places, now);
    }

    /// <summary>When a frame would have its result, if it came to the device at a time.</summary>
    public double Expect(in RouteCost route, double at)
    {
        var ended = Math.Max(at, Device) + route.Device;
        if (route.IsOnDevice) return ended;
        var arrived = Math.Max(ended, _links[route.Server]) + route.Link + (route.RoundTrip / 2);
        return Math.Max(arrived + route.Wait, _places[Free(route.Server)]) + route.Tail + (route.RoundTrip / 2);
    }

    /// <summary>A frame comes to the device at a time and takes a route. Says when it has its result.</summary>
    public double Admit(in RouteCost route, double at)
    {
        var ended = Device = Math.Max(at, Device) + route.Device;
        return route.IsOnDevice ? ended : Send(route, ended);
    }

    /// <summary>A frame comes to the link at a time. Says when it has its result.</summary>
    public double Send(in RouteCost route, double at)
    {
        ref var link = ref _links[route.Server];
        link = Math.Max(at, link) + route.Link;
        ref var place = ref _places[Free(route.Server)];
        place = Math.Max(link + (route.RoundTrip / 2) + route.Wait, place) + route.Tail;
        return place + (route.RoundTrip / 2);
    }

    private int Free(int server)
    {
        var (first, count) = (server * MaxPlaces, _counts[server]);
        var free = first;
        for (var i = first + 1; i < first + count; i++)
            if (_places[i] < _places[free]) free = i;
        return free;
    }
}
