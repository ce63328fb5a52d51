using SplitInfer.Cli.Output;
using SplitInfer.Client;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Prints each frame as it ends and, at the end of the run, what all of them cost and what went wrong.</summary>
internal sealed class RunReport(Terminal terminal, bool isJson, SplitInferenceOptions settings, SplitInferenceClient client)
{
    private readonly JsonLines _lines = new(terminal.Output);
    private readonly RunTable _table = new(terminal.Output, namesServers: settings.Servers.Count > 1);
    private readonly List<FrameLine> _frames = [];
    private int _missed;
    private string? _complaint;

    /// <summary>Whether there is anything to sum up.</summary>
    public bool HasFrames => _frames.Count > 0;

    /// <summary>Adds a frame that has a result.</summary>
    public void Add(int frame, InferenceResult result)
    {
        _frames.Add(FrameLine.Of(frame, result));
        if (isJson) _lines.Write(_frames[^1], LineContext.Default.FrameLine);
        else _table.Add(_frames[^1]);
        _complaint ??= result.ServerFailure?.Message ?? client.ServerFailure?.Message;
    }

    /// <summary>Adds a frame that had none by its deadline.</summary>
    public void AddMissed(int frame, TimeSpan total)
    {
        _missed++;
        var line = new MissedFrameLine(frame, Missed: true, total.TotalMilliseconds);
        if (isJson) _lines.Write(line, LineContext.Default.MissedFrameLine);
        else _table.Add(line);
        _complaint ??= client.ServerFailure?.Message;
    }

    /// <summary>Sums up.</summary>
    /// <returns>Whether any frame had a result, or none was asked for.</returns>
    public bool End()
    {
        if (_complaint is not null) terminal.Complain($"The device worked alone {(_frames.TrueForAll(static frame => frame.Source == "device") ? "all" : "some")} of the time. {_complaint}");
        foreach (var server in client.Servers)
            if (client.Servers.Count > 1 && server.Failure is { } failure && failure.Message != _complaint) terminal.Complain($"{server.Name} was not used at the end. {failure.Message}");
        if (_frames.Count == 0)
        {
            terminal.Complain(_missed > 0 ? $"No frame had a result within {settings.Deadline!.Value.TotalMilliseconds} ms; give more with --deadline." : "It ended before the first frame had.");
            return _missed == 0;
        }

        var summary = RunSummaryLine.Of(settings.ModelPath, client.Policy, _frames, _missed, client.Plan.AllOnDevice.Index);
        if (isJson) _lines.Write(summary, LineContext.Default.RunSummaryLine);
        else _table.End(summary);
        return true;
    }
}
