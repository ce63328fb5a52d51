namespace SplitInfer.Policies.Quality;

/// <summary>What comes to a node and how busy it is: kinds of requests that are alike, with their rates. Not thread-safe. Allocates nothing for a request once made.</summary>
/// <remarks>
/// It keeps more kinds than a report has, and where there is no room for another one the kind of the least recent load is counted as the one nearest to it. So the load of all kinds together stays what it was,
/// and a kind is lost in others only while each of those that are kept has more of it: nobody hides what others send behind many kinds of little load.
/// </remarks>
internal sealed class LoadMeter
{
    private const int MaxKinds = 32;
    private const double MemorySeconds = 2;

    // Requests of nearly the same weight are alike.
    private const double AlikeWeights = 1.25;

    // What has not come for long, in requests a second.
    private const double Forgotten = 1e-3;

    private readonly LoadKind[] _kinds = new LoadKind[MaxKinds];
    private int _count;
    private readonly double _begun;
    private double _since;
    private double _at;
    private double _busy;

    public LoadMeter(double now) => (_begun, _since, _at) = (now, now, now);

    /// <summary>Counts a request that came.</summary>
    /// <param name="curve">The id of its model's curve.</param>
    /// <param name="depth">The deepest exit that its deadline leaves time for.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="seconds">What it takes to get there.</param>
    /// <param name="now">The time.</param>
    public void Arrive(int curve, int depth, double weight, double seconds, double now)
    {
        Advance(now);
        ref var found = ref Find(curve, depth, weight);
        found.Weight += (weight - found.Weight) / (found.Arrivals + 1);
        found.Seconds += (seconds - found.Seconds) / (found.Arrivals + 1);
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
        for (var i = 0; i < _count; i++) sum += _kinds[i].Recent * curves[_kinds[i].Curve].Hulls.MeanAt(_kinds[i].Depth, price / _kinds[i].Weight, spread).Seconds;
        // Until it has counted for as long as it remembers, the rest is as what it has seen.
        return sum / (1 - Math.Exp(-Math.Max(now - _begun, 1e-3) / MemorySeconds));
    }

    /// <summary>What was counted since the last report.</summary>
    public LoadReport Report(uint node, uint sequence, double now, int lanes, double slowness)
    {
        Advance(now);
        var seconds = Math.Max(now - _since, 1e-6);
        Span<LoadKind> told = [.. _kinds.AsSpan(0, _count)];
        while (told.Length > LoadReport.MaxClasses) told = told[..LoadKind.MergeLeast(told)];
        var report = new LoadReport(node, sequence, lanes, (float)slowness, (float)(_busy / (seconds * lanes)), [.. Classes(told, seconds)]);
        (_since, _busy) = (now, 0);
        for (var i = _count - 1; i >= 0; i--)
        {
            _kinds[i].Arrivals = 0;
            // What has not come for long gives its place to what does.
            if (_kinds[i].Recent < Forgotten) _kinds[i] = _kinds[--_count];
        }

        return report;
    }

    /// <summary>Forgets what came of a curve that there is no more.</summary>
    public void Forget(int curve)
    {
        for (var i = _count - 1; i >= 0; i--)
            if (_kinds[i].Curve == curve) _kinds[i] = _kinds[--_count];
    }

    private static LoadClass[] Classes(ReadOnlySpan<LoadKind> kinds, double seconds)
    {
        var classes = new LoadClass[kinds.Length];
        for (var i = 0; i < classes.Length; i++) classes[i] = new((ushort)kinds[i].Curve, (byte)kinds[i].Depth, (float)kinds[i].Weight, (float)(kinds[i].Arrivals / seconds));
        return classes;
    }

    private void Advance(double now)
    {
        if (now <= _at) return;
        var left = Math.Exp(-(now - _at) / MemorySeconds);
        for (var i = 0; i < _count; i++) _kinds[i].Recent *= left;
        _at = now;
    }

    private ref LoadKind Find(int curve, int depth, double weight)
    {
        var one = new LoadKind { Curve = curve, Depth = depth, Weight = weight };
        var (nearest, distance) = LoadKind.Nearest(_kinds.AsSpan(0, _count), one, other: -1);
        if (distance <= Math.Log(AlikeWeights)) return ref _kinds[nearest];
        if (_count == MaxKinds) _count = LoadKind.MergeLeast(_kinds);
        _kinds[_count] = one;
        return ref _kinds[_count++];
    }
}
