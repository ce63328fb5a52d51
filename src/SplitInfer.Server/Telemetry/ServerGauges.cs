using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Server.Telemetry;

/// <summary>Asks the servers of the process what they hold when metrics are collected. Ends with its server. Thread-safe.</summary>
internal sealed class ServerGauges : IDisposable
{
    private static readonly ConcurrentDictionary<ServerGauges, bool> Servers = new();

    private readonly Func<ServerLoadStatus> _look;

    static ServerGauges()
    {
        Add(ServerMetricNames.Queued, "{request}", "Requests that wait for a place to run.", static now => now.Queued);
        Add(ServerMetricNames.Running, "{request}", "Requests that run.", static now => now.Running);
        Add(ServerMetricNames.Places, "{request}", "Requests that run at a time, at most.", static now => now.Places);
        AddHighest(ServerMetricNames.Wait, "s", "How long a request that comes now will wait.", static now => now.WaitSeconds);
        AddHighest(ServerMetricNames.Price, "1", "Seconds that all requests together wait longer for each second that another one runs.", static now => now.Price);
        AddHighest(ServerMetricNames.QualityPrice, "1", "What a second costs requests that allow exits, in accuracy of one of weight 1.", static now => now.QualityPrice);
        Add(ServerMetricNames.Connections, "{connection}", "Open connections.", static now => now.Connections);
        Add(ServerMetricNames.HeldBytes, "By", "What received boundaries and unread replies hold.", static now => now.HeldBytes);
        Add(ServerMetricNames.Models, "{model}", "Versions of models that are served.", static now => now.Models);
        Add(ServerMetricNames.RefusedModels, "{model}", "Versions of models that are not served, for a reason that the log tells.", static now => now.RefusedModels);
        Add(ServerMetricNames.Segments, "{segment}", "Tails that are loaded, or being loaded.", static now => now.Segments);
        Add(ServerMetricNames.SegmentBytes, "By", "Memory of the loaded tails.", static now => now.SegmentBytes);

        static void AddHighest(string name, string unit, string description, Func<ServerLoadStatus, double> value) =>
            ServerInstruments.Meter.CreateObservableGauge(name, () => Servers.IsEmpty ? [] : (Measurement<double>[])[new(Servers.Keys.Max(server => value(server._look())))], unit, description);

        // Where a process has several servers their sums are told.
        static void Add(string name, string unit, string description, Func<ServerLoadStatus, double> value) =>
            ServerInstruments.Meter.CreateObservableGauge(name, () => Servers.IsEmpty ? [] : (Measurement<double>[])[new(Servers.Keys.Sum(server => value(server._look())))], unit, description);
    }

    /// <param name="look">Tells what the server holds; may be called at any time until this is disposed, on any thread.</param>
    public ServerGauges(Func<ServerLoadStatus> look)
    {
        _look = look;
        Servers.TryAdd(this, true);
    }

    public void Dispose() => Servers.TryRemove(this, out _);
}
