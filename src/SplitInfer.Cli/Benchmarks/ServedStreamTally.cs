using SplitInfer.Client;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Counts what a contender's stream came to. For one reader.</summary>
/// <param name="time">The clock.</param>
internal sealed class ServedStreamTally(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly List<double> _ms = [];
    private readonly List<double> _ends = [];
    private readonly List<double> _bounds = [];
    private readonly Dictionary<string, int> _routes = [];
    private long _ended;
    private long _dropped;

    /// <summary>How long it runs.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Results a second so far.</summary>
    public double Fps => _ms.Count / Math.Max(1e-9, time.GetElapsedTime(_began, _ended).TotalSeconds);

    /// <summary>The bound in the second half, in the mean; null where there was none.</summary>
    public double? Bound => _bounds.Count > 0 ? _bounds.Skip(_bounds.Count / 2).Average() : null;

    /// <summary>A frame has a result.</summary>
    public void Add(InferenceResult result, double ms, double bound = double.NaN)
    {
        _ended = time.GetTimestamp();
        _ms.Add(ms);
        _ends.Add(time.GetElapsedTime(_began, _ended).TotalSeconds);
        if (double.IsFinite(bound)) _bounds.Add(bound);
        var route = result.Source == InferenceSource.Device ? "device" : $"{(result.Partition.Head.Nodes == 0 ? "server" : $"cut {result.Partition.Index}")}, {result.Codec}";
        _routes[route] = _routes.GetValueOrDefault(route) + 1;
    }

    /// <summary>A frame was dropped.</summary>
    public void Drop() => _dropped++;

    /// <summary>Sums up.</summary>
    public ServedStreamRow Row(string world, string contender, double? bound)
    {
        var (route, most) = _routes.MaxBy(static one => one.Value);
        var ordered = _ms.Order().ToArray();
        var half = _ends.Count / 2;
        var later = _ends[^1] > _ends[half] ? (_ends.Count - 1 - half) / (_ends[^1] - _ends[half]) : Fps;
        return new(world, contender, ordered.Length, Fps, later, At(0.5), At(0.95), _dropped, bound is { } frames ? Fps / frames : null, route, (double)most / ordered.Length);

        double At(double share) => ordered[Math.Max(0, (int)Math.Ceiling(share * ordered.Length) - 1)];
    }
}
