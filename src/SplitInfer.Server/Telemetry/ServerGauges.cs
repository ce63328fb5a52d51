using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace SplitInfer.Server.Telemetry;

/// <summary>What a server holds at the moment.</summary>
internal readonly record struct ServerSnapshot
{
    public required int Queued { get; init; }

    public required int Running { get; init; }

    public required int Places { get; init; }

    public required double WaitSeconds { get; init; }

    public required int Connections { get; init; }

    public required long HeldBytes { get; init; }

    public required int Models { get; init; }

    public required int Segments { get; init; }

    public required long SegmentBytes { get; init; }
}

/// <summary>Asks the servers of the process what they hold when metrics are collected. Ends with its server. Thread-safe.</summary>
internal sealed class ServerGauges : IDisposable
{
    private static readonly ConcurrentDictionary<ServerGauges, bool> Servers = new();

    private readonly Func<ServerSnapshot> _look;

    static ServerGauges()
    {
        Add(ServerMetricNames.Queued, "{request}", "Requests that wait for a place to run.", static now => now.Queued);
        Add(ServerMetricNames.Running, "{request}", "Requests that run.", static now => now.Running);
        Add(ServerMetricNames.Places, "{request}", "Requests that run at a time, at most.", static now => now.Places);
        ServerInstruments.Meter.CreateObservableGauge(ServerMetricNames.Wait, static () => Servers.IsEmpty ? [] : (Measurement<double>[])[new(Servers.Keys.Max(static server => server._look().WaitSeconds))], "s", "How long a request that comes now will wait.");
        Add(ServerMetricNames.Connections, "{connection}", "Open connections.", static now => now.Connections);
        Add(ServerMetricNames.HeldBytes, "By", "What received boundaries and unread replies hold.", static now => now.HeldBytes);
        Add(ServerMetricNames.Models, "{model}", "Versions of models that are served.", static now => now.Models);
        Add(ServerMetricNames.Segments, "{segment}", "Tails that are loaded, or being loaded.", static now => now.Segments);
        Add(ServerMetricNames.SegmentBytes, "By", "Memory of the loaded tails.", static now => now.SegmentBytes);

        // Where a process has several servers their sums are told.
        static void Add(string name, string unit, string description, Func<ServerSnapshot, double> value) =>
            ServerInstruments.Meter.CreateObservableGauge(name, () => Servers.IsEmpty ? [] : (Measurement<double>[])[new(Servers.Keys.Sum(server => value(server._look())))], unit, description);
    }

    /// <param name="look">Tells what the server holds; may be called at any time until this is disposed, on any thread.</param>
    public ServerGauges(Func<ServerSnapshot> look)
    {
        _look = look;
        Servers.TryAdd(this, true);
    }

    public void Dispose() => Servers.TryRemove(this, out _);
}
