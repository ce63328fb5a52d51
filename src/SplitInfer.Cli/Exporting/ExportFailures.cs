using System.Diagnostics.Tracing;

namespace SplitInfer.Cli.Exporting;

/// <summary>
/// Hears what the exporter could not send, which OpenTelemetry tells nobody else, and tells it once a minute at most. Ends when it is disposed. Thread-safe.
/// </summary>
/// <param name="tell">Takes a sentence; called on any thread, for one sentence at a time.</param>
internal sealed class ExportFailures(Action<string> tell) : EventListener
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const int MostWords = 300;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Lock _gate = new();
    private long? _toldAt;

    /// <inheritdoc/>
    // Called for sources that are there already before this constructor is done.
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source) EnableEvents(eventSource, EventLevel.Warning);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Null while the constructor runs.
        if (_gate is not { } gate) return;
        lock (gate)
        {
            if (_toldAt is { } last && _time.GetElapsedTime(last) < Pause) return;
            _toldAt = _time.GetTimestamp();
            tell(Sentence(eventData));
        }
    }

    private static string Sentence(EventWrittenEventArgs failure)
    {
        // An exception is there with its whole stack.
        var parts = (failure.Payload ?? []).Select(static part => FirstLine(part?.ToString() ?? "")).Where(static part => part.Length > 0);
        var words = string.Join("; ", parts);
        return $"Telemetry could not be exported ({failure.EventName}): {words[..Math.Min(words.Length, MostWords)]}";
    }

    private static string FirstLine(string text) => new([.. text.TakeWhile(static c => c is not ('\n' or '\r')).Select(static c => char.IsControl(c) ? '?' : c)]);
}
