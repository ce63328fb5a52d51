using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using SplitInfer.Client.Telemetry;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Tests.Telemetry;

/// <summary>Tests that listen, or show what happens where nobody does: listeners hear the whole process.</summary>
[CollectionDefinition(nameof(Heard), DisableParallelization = true)]
public sealed class Listening;

/// <summary>Listens to what the clients of one model tell, as an exporter does.</summary>
internal sealed class Heard : IDisposable
{
    private readonly ConcurrentQueue<Measured> _measured = new();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly string _model;

    /// <param name="model">The model.</param>
    /// <param name="metrics">Whether to listen to metrics.</param>
    /// <param name="spans">Whether to listen to spans.</param>
    public Heard(string model, bool metrics = true, bool spans = true)
    {
        _model = model;
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (metrics && instrument.Meter.Name == SplitInferClientTelemetry.MeterName) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.Start();
        _activities = new()
        {
            ShouldListenTo = source => spans && source.Name == SplitInferClientTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    /// <summary>The spans of one request by the trace that it is in, in the order in which they ended: the request's own last.</summary>
    public Activity[] Spans(ActivityTraceId trace) => [.. _spans.Where(span => span.TraceId == trace)];

    /// <summary>What was measured under a name, with its tags but for the model, as <c>key=value</c> in order of the keys.</summary>
    public (double Value, string Tags)[] Of(string name) => [.. _measured.Where(m => m.Name == name).Select(static m => (m.Value, m.Tags))];

    /// <summary>Asks for what is measured only when somebody asks.</summary>
    public void Collect() => _meters.RecordObservableInstruments();

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = tags.ToArray();
        if (all.FirstOrDefault(static tag => tag.Key == TelemetryTags.Model).Value as string != _model) return;
        var rest = all.Where(static tag => tag.Key != TelemetryTags.Model).OrderBy(static tag => tag.Key, StringComparer.Ordinal).Select(static tag => FormattableString.Invariant($"{tag.Key}={tag.Value}"));
        _measured.Enqueue(new(instrument.Name, value, string.Join(" ", rest)));
    }

    private sealed record Measured(string Name, double Value, string Tags);
}
