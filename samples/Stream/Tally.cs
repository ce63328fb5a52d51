using System.Diagnostics;
using SplitInfer.Client.Streams;
using SplitInfer.Policies.Streams;

namespace FrameStream;

/// <summary>Counts what a stream yields.</summary>
internal sealed class Tally
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<string, int> _routes = [];
    private readonly List<double> _ms = [];
    private int _others;

    /// <summary>Results a second so far.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Adds what became of a frame.</summary>
    public void Add(StreamResult frame)
    {
        // A late frame may have a result all the same; one that was dropped, or has failed, has none.
        if (frame.Outcome != StreamFate.Completed || frame.Result is not { } result)
        {
            _others++;
            return;
        }

        _ms.Add(frame.Latency.TotalMilliseconds);
        FramesPerSecond = _ms.Count / _clock.Elapsed.TotalSeconds;
        var route = result.Source switch { SplitInfer.Client.InferenceSource.Split => $"cut {result.Partition.Index} with {result.Codec}", var source => $"all on the {source.ToString().ToLowerInvariant()}" };
        _routes[route] = _routes.GetValueOrDefault(route) + 1;
    }

    public override string ToString()
    {
        var routes = string.Join(", ", _routes.OrderByDescending(static route => route.Value).Select(static route => $"{route.Value} × {route.Key}"));
        return $"{FramesPerSecond,5:F1} frames a second, median {_ms.Order().ElementAtOrDefault(_ms.Count / 2),4:F0} ms: {routes}{(_others > 0 ? $"; {_others} without a result" : "")}";
    }
}
