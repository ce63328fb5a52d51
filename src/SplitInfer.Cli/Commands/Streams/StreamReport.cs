using System.Globalization;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Output;
using SplitInfer.Client.Streams;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Cli.Commands.Streams;

/// <summary>Prints the frames of a stream, a line each for programs and the routes that they took for people, and what came of all of them.</summary>
internal sealed class StreamReport(Terminal terminal, bool isJson, string model, ToldFailures told, TimeProvider time)
{
    private const int BarWidth = 30;

    private readonly JsonLines _lines = new(terminal.Output);
    private readonly Dictionary<(string Source, RouteLine Route), List<double>> _routes = [];
    private readonly List<double> _latencies = [];
    private readonly List<double> _bounds = [];
    private readonly long _began = time.GetTimestamp();
    private long _ended;
    private long _frames;
    private long _dropped;
    private long _late;
    private long _failed;

    /// <summary>Whether there is anything to sum up.</summary>
    public bool HasFrames => _frames > 0;

    /// <summary>Adds a frame.</summary>
    public void Add(StreamResult result)
    {
        _frames++;
        if (result.Outcome == StreamFate.Dropped) _dropped++;
        if (result.Outcome == StreamFate.Late) _late++;
        if (result.Outcome == StreamFate.Failed) _failed++;
        if ((result.Failure ?? result.Result?.ServerFailure) is { } failure) told.Add(failure);
        var line = StreamFrameLine.Of(result);
        if (line is { Route: { } route, Source: { } source })
        {
            _ended = time.GetTimestamp();
            _latencies.Add(line.LatencyMs);
            if (double.IsFinite(result.BoundFramesPerSecond)) _bounds.Add(result.BoundFramesPerSecond);
            if (!_routes.TryGetValue((source, route), out var latencies)) _routes[(source, route)] = latencies = [];
            latencies.Add(line.LatencyMs);
        }

        if (isJson) _lines.Write(line, LineContext.Default.StreamFrameLine);
    }

    /// <summary>Sums up.</summary>
    /// <returns>Whether any frame had a result.</returns>
    public bool End()
    {
        if (_failed > 0) terminal.Complain($"{_failed} of {_frames} frames have failed.");
        var seconds = _latencies.Count > 0 ? time.GetElapsedTime(_began, _ended).TotalSeconds : 0;
        var fps = seconds > 0 ? _latencies.Count / seconds : 0;
        var summary = new StreamSummaryLine(model, _frames, fps, At(_latencies, 0.5), At(_latencies, 0.95), At(_latencies, 0.99), _dropped, _late, _failed, _bounds.Count > 0 ? fps / _bounds.Average() : null);
        if (isJson) _lines.Write(summary, LineContext.Default.StreamSummaryLine);
        else Write(summary);
        return _latencies.Count > 0;
    }

    private void Write(StreamSummaryLine summary)
    {
        terminal.Output.WriteLine("  cut  source  codec                frames    p50 ms    p95 ms");
        foreach (var ((source, route), latencies) in _routes.OrderByDescending(static pair => pair.Value.Count))
            Write($"{route.Partition,5}  {source,-6}  {route.Codec ?? "",-18} {latencies.Count,8} {At(latencies, 0.5),9:0.0} {At(latencies, 0.95),9:0.0}  {Bar.Of(latencies.Count, _latencies.Count, BarWidth)}{(route.Server is { } server ? $" {server}" : "")}");
        Write($"{summary.Fps:0.0} frames a second{(summary.BoundRatio is { } ratio ? string.Create(CultureInfo.InvariantCulture, $", {ratio * 100:0} % of the most that device, link and server could take") : "")}");
        Write($"median {summary.P50Ms:0.0} ms, 95 % within {summary.P95Ms:0.0}, 99 % within {summary.P99Ms:0.0}; of {summary.Frames} frames {summary.Dropped} dropped, {summary.Late} late, {summary.Failed} failed");

        void Write(FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The smallest latency that the given share of frames does not exceed.</summary>
    private static double? At(List<double> latencies, double share) =>
        latencies.Count == 0 ? null : latencies.Order().ElementAt(Math.Max(0, (int)Math.Ceiling(share * latencies.Count) - 1));
}
