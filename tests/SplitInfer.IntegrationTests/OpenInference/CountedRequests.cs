using System.Diagnostics.Metrics;
using SplitInfer.Server.Telemetry;
using SplitInfer.Telemetry;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>What the metric of requests counts of one model, whose name no other test has.</summary>
internal sealed class CountedRequests : IDisposable
{
    private readonly List<string> _counted = [];
    private readonly MeterListener _listener;

    /// <summary>Counts from now on.</summary>
    public CountedRequests(string model)
    {
        _listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == ServerMetricNames.Requests) listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var told = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value);
            if (told[TelemetryTags.Model] as string != model) return;
            lock (_counted) _counted.Add($"{value} {told.GetValueOrDefault(TelemetryTags.Codec)} {told.GetValueOrDefault(TelemetryTags.Error)}".Trim());
        });
        _listener.Start();
    }

    /// <summary>The requests so far: how many, the codec, and why there are no outputs.</summary>
    public string[] All
    {
        get
        {
            lock (_counted) return [.. _counted];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
