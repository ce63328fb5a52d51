using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SplitInfer.Policies;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>What a client is asked for when metrics are collected: its servers and what its policy thinks of them. Ends with the client. Thread-safe.</summary>
internal sealed class ClientGauges : IDisposable
{
    private static readonly ConcurrentDictionary<ClientGauges, bool> Clients = new();

    private readonly KeyValuePair<string, object?>[][] _tags;
    private readonly Func<int, bool> _isUsable;
    private readonly Func<int, ServerEstimate?> _estimate;

    static ClientGauges()
    {
        var meter = ClientInstruments.Meter;
        meter.CreateObservableGauge(ClientMetricNames.ServerUsable, static () => Measure(static (client, server) => client._isUsable(server) ? 1 : 0), unit: null, "Whether requests may use the server now.");
        meter.CreateObservableGauge(ClientMetricNames.LinkRoundTrip, static () => Measure(static (client, server) => client._estimate(server)?.RoundTripSeconds), "s", "Estimate of what a request takes on the way, however little it sends.");
        meter.CreateObservableGauge(ClientMetricNames.LinkBandwidth, static () => Measure(static (client, server) => client._estimate(server)?.BitsPerSecond), "bit/s", "Estimate of the link's bandwidth.");
        meter.CreateObservableGauge(ClientMetricNames.ServerTail, static () => Measure(static (client, server) => client._estimate(server)?.LongestTailSeconds), "s", "Estimate of how long the server takes for the longest tail.");
    }

    /// <param name="model">Name of the model.</param>
    /// <param name="servers">Names of the servers.</param>
    /// <param name="isUsable">Whether a server can be used, by its number.</param>
    /// <param name="estimate">What the policy thinks of a server, by its number; null where it has no opinion.</param>
    public ClientGauges(string model, IEnumerable<string> servers, Func<int, bool> isUsable, Func<int, ServerEstimate?> estimate)
    {
        _tags = [.. servers.Select(server => new KeyValuePair<string, object?>[] { new(TelemetryTags.Model, model), new(TelemetryTags.Server, server) })];
        (_isUsable, _estimate) = (isUsable, estimate);
        Clients.TryAdd(this, true);
    }

    public void Dispose() => Clients.TryRemove(this, out _);

    private static IEnumerable<Measurement<double>> Measure(Func<ClientGauges, int, double?> value)
    {
        foreach (var (client, _) in Clients)
            for (var server = 0; server < client._tags.Length; server++)
                if (Ask(client, server) is { } measured && double.IsFinite(measured)) yield return new(measured, client._tags[server]);

        double? Ask(ClientGauges client, int server)
        {
            try
            {
                return value(client, server);
            }
#pragma warning disable CA1031 // The policy may be an application's own, and one that throws must not take the other clients of the process off the gauge.
            catch (Exception)
#pragma warning restore CA1031
            {
                return null;
            }
        }
    }
}
