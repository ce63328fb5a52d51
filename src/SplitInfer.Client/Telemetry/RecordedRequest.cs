using System.Diagnostics;

namespace SplitInfer.Client.Telemetry;

/// <summary>
/// One request under the eyes of listeners, if there are any. Its span is the current one from the beginning on, so that the transport sends its context along;
/// disposing ends it. A value, which costs nothing where nobody listens.
/// </summary>
/// <param name="recorder">Tells the listeners; null where there are none.</param>
/// <param name="span">The request's span; null where none is wanted.</param>
/// <param name="began">When it began, by the client's clock.</param>
internal readonly struct RecordedRequest(RequestRecorder? recorder, Activity? span, long began) : IDisposable
{
    /// <summary>Whether anybody is told.</summary>
    public bool IsRecorded => recorder is not null;

    /// <summary>It has a result.</summary>
    public void Complete(in RequestReport report) => recorder?.Complete(span, began, report);

    /// <summary>It has ended without a result. Always false, so that a filter may call it while the error passes by.</summary>
    public bool Fail(Exception error)
    {
        recorder?.Fail(span, began, error);
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => RequestRecorder.End(span);
}
