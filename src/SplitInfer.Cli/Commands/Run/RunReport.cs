using SplitInfer.Cli.Output;
using SplitInfer.Client;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Prints each frame as it ends and, at the end of the run, what all of them cost and what went wrong.</summary>
internal sealed class RunReport(Terminal terminal, bool isJson, SplitInferenceOptions settings, SplitInferenceClient client, StartTimes start, ToldFailures told, bool isProgressive, bool hasExits)
{
    private readonly JsonLines _lines = new(terminal.Output);
    private readonly RunTable _table = new(terminal.Output, namesServers: settings.Servers.Count > 1, namesVariants: settings.Family is not null, namesExits: hasExits, hasServers: settings.Servers.Count > 0);
    private readonly FrameDeadline _deadline = new(settings.Deadline);
    private readonly List<FrameLine> _frames = [];
    private readonly Dictionary<string, (string Word, int Frames, string Message)> _fallbacks = [];
    private int _missed;

    /// <summary>Whether there is anything to sum up.</summary>
    public bool HasFrames => _frames.Count > 0;

    /// <summary>Adds a frame that has a result.</summary>
    public void Add(int frame, InferenceResult result)
    {
        if (_deadline.IsMissed(result.Timings.Total))
        {
            AddMissed(frame, result.Timings.Total);
            return;
        }

        _frames.Add(FrameLine.Of(frame, result, result.Source == InferenceSource.Device ? Fallback(result.ServerFailure ?? client.ServerFailure) : null, hasExits) with { Late = _deadline.IsLate(result.Timings.Total) ? true : null });
        Write(isProgressive ? _frames[^1] with { Early = false } : _frames[^1]);
    }

    /// <summary>Tells what an exit has said before the result of its frame.</summary>
    public void AddEarly(int frame, InferenceResult answer) => Write(FrameLine.Of(frame, answer, fallback: null, hasExits: true) with { Early = true });

    /// <summary>Adds a frame that had none by its deadline, or one that is of no use.</summary>
    public void AddMissed(int frame, TimeSpan total)
    {
        _missed++;
        var line = new MissedFrameLine(frame, Missed: true, total.TotalMilliseconds);
        if (isJson) _lines.Write(line, LineContext.Default.MissedFrameLine);
        else _table.Add(line);
        if (client.ServerFailure is { } failure) told.Add(failure);
    }

    /// <summary>Sums up.</summary>
    /// <returns>Whether any frame had a result, or none was asked for.</returns>
    public bool End()
    {
        if (_fallbacks.Count > 0) terminal.Complain($"The device answered {_fallbacks.Values.Sum(static one => one.Frames)} of {_frames.Count + _missed} frames while a server could not be used:");
        foreach (var (kind, one) in _fallbacks.OrderByDescending(static pair => pair.Value.Frames)) terminal.Complain($"{one.Frames} × {kind}. {one.Message}");
        foreach (var server in client.Servers)
            if (client.Servers.Count > 1 && server.Failure is { } failure && !_fallbacks.Values.Any(one => one.Message == FailureWords.Of(failure))) terminal.Complain($"{server.Name} was not used at the end. {FailureWords.Of(failure)}");
        if (_frames.Count == 0)
        {
            terminal.Complain(_missed > 0 ? $"No frame had a result within {settings.Deadline!.Value.TotalMilliseconds} ms; give more with --deadline." : "It ended before the first frame had.");
            return _missed == 0;
        }

        var summary = RunSummaryLine.Of(settings.Family ?? settings.ModelPath, client.Policy, _frames, _missed) with { Start = start, Fallbacks = FallbackLine.Of(_fallbacks.Values) };
        if (isJson) _lines.Write(summary, LineContext.Default.RunSummaryLine);
        else _table.End(summary);
        return true;
    }

    /// <summary>Whether a frame was not answered by a server, of which it tells.</summary>
    public bool HasUnanswered()
    {
        var unanswered = _missed + _frames.Count(static frame => frame.Source == "device");
        if (unanswered > 0) terminal.Complain($"{unanswered} of {_frames.Count + _missed} frames were not answered by a server, which --require-server demands.");
        return unanswered > 0;
    }

    private void Write(FrameLine line)
    {
        if (isJson) _lines.Write(line, LineContext.Default.FrameLine);
        else _table.Add(line);
    }

    /// <summary>Counts a frame that the device did, by what a server failed with.</summary>
    /// <returns>The word for it; null where no server has failed.</returns>
    private string? Fallback(Exception? failure)
    {
        if (failure is null) return null;
        told.Add(failure);
        var (kind, word) = (FailureWords.KindOf(failure), FailureWords.WordOf(failure));
        _fallbacks[kind] = _fallbacks.TryGetValue(kind, out var seen) ? seen with { Frames = seen.Frames + 1 } : (word, 1, FailureWords.Of(failure));
        return word;
    }
}
