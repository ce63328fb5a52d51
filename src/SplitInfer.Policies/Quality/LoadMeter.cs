namespace SplitInfer.Policies.Quality;

/// <summary>What comes to a node and how busy it is: a few classes of requests that are alike, with their rates. Not thread-safe. Allocates nothing once made.</summary>
internal sealed class LoadMeter
{
    private const double MemorySeconds = 2;

    // Requests of nearly the same weight are alike.
    private const double AlikeWeights = 1.25;

    private readonly Class[] _classes = new Class[LoadReport.MaxClasses];
    private int _count;
    private readonly double _begun;
    private double _since;
    private double _at;
    private double _busy;

    public LoadMeter(double now) => (_begun, _since, _at) = (now, now, now);

    /// <summary>Counts a request that came.</summary>
    public void Arrive(int curve, int depth, double weight, double now)
    {
        Advance(now);
        ref var found = ref Find(curve, depth, weight);
        found.Weight += (weight - found.Weight) / (found.Arrivals + 1);
        found.Arrivals++;
        found.Recent += 1 / MemorySeconds;
    }

    /// <summary>Counts seconds in which a lane ran something.</summary>
    public void Run(double seconds) => _busy += seconds;

    /// <summary>How busy requests as they come lately would keep a lane at a price, in seconds of runs for a second.</summary>
    public double Offered(double now, double price, double spread, List<LearnedCurve> curves)
    {
        Advance(now);
        var sum = 0.0;
        for (var i = 0; i < _count; i++) sum += _classes[i].Recent * curves[_classes[i].Curve].Hulls.MeanAt(_classes[i].Depth, price / _classes[i].Weight, spread).Seconds;
        // Until it has counted for as long as it remembers, the rest is as what it has seen.
        return sum / (1 - Math.Exp(-Math.Max(now - _begun, 1e-3) / MemorySeconds));
    }

    /// <summary>What was counted since the last report.</summary>
    public LoadReport Report(uint node, uint sequence, double now, int lanes, double slowness)
    {
        Advance(now);
        var seconds = Math.Max(now - _since, 1e-6);
        var classes = new LoadClass[_count];
        for (var i = 0; i < _count; i++)
        {
            classes[i] = new((ushort)_classes[i].Curve, (byte)_classes[i].Depth, (float)_classes[i].Weight, (float)(_classes[i].Arrivals / seconds));
            _classes[i].Arrivals = 0;
        }

        var report = new LoadReport(node, sequence, (float)lanes, (float)slowness, (float)(_busy / (seconds * lanes)), [.. classes]);
        (_since, _busy) = (now, 0);
        // What has not come for long gives its place to what does.
        for (var i = _count - 1; i >= 0; i--)
            if (_classes[i].Recent < 1e-3) _classes[i] = _classes[--_count];
        return report;
    }

    /// <summary>Forgets what came of a curve that there is no more.</summary>
    public void Forget(int curve)
    {
        for (var i = _count - 1; i >= 0; i--)
            if (_classes[i].Curve == curve) _classes[i] = _classes[--_count];
    }

    private void Advance(double now)
    {
        if (now <= _at) return;
        var left = Math.Exp(-(now - _at) / MemorySeconds);
        for (var i = 0; i < _count; i++) _classes[i].Recent *= left;
        _at = now;
    }

    private ref Class Find(int curve, int depth, double weight)
    {
        var (nearest, distance) = (0, double.PositiveInfinity);
        for (var i = 0; i < _count; i++)
        {
            ref var other = ref _classes[i];
            var apart = Math.Abs(Math.Log(weight / other.Weight)) + (other.Curve == curve ? Math.Abs(other.Depth - depth) * 1e3 : 1e6);
            if (apart < distance) (nearest, distance) = (i, apart);
        }

        if (distance <= Math.Log(AlikeWeights)) return ref _classes[nearest];
        if (_count == _classes.Length) return ref _classes[nearest];
        _classes[_count] = new() { Curve = curve, Depth = depth, Weight = weight };
        return ref _classes[_count++];
    }

    private struct Class
    {
        public int Curve;
        public int Depth;
        public double Weight;
        public long Arrivals;
        public double Recent;
    }
}
