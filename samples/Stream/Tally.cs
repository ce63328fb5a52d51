using System.Diagnostics;
using SplitInfer.Client;

namespace FrameStream;

/// <summary>Counts results.</summary>
internal sealed class Tally
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<string, int> _routes = [];
    private readonly List<double> _ms = [];

    /// <summary>Results a second so far.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Adds a result.</summary>
    public void Add(InferenceResult result, TimeSpan latency)
    {
        _ms.Add(latency.TotalMilliseconds);
        FramesPerSecond = _ms.Count / _clock.Elapsed.TotalSeconds;
        var route = result.Source switch { InferenceSource.Split => $"cut {result.Partition.Index} with {result.Codec}", InferenceSource.Device => "all on the device", _ => "all on the server" };
        _routes[route] = _routes.GetValueOrDefault(route) + 1;
    }

    public override string ToString()
    {
        var routes = string.Join(", ", _routes.OrderByDescending(static route => route.Value).Select(static route => $"{route.Value} × {route.Key}"));
        return $"{FramesPerSecond,5:F1} frames a second, median {_ms.Order().ElementAtOrDefault(_ms.Count / 2),4:F0} ms: {routes}";
    }
}
