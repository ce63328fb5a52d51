using System.Globalization;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Frames as aligned text, each printed as it ends, and a summary.</summary>
/// <param name="output">Where it is written.</param>
/// <param name="namesServers">Whether each line ends with the server that was asked.</param>
/// <param name="namesVariants">Whether each line names the variant that has answered.</param>
/// <param name="namesExits">Whether each line says which exit has answered, and how sure it was.</param>
/// <param name="hasServers">Whether a server could be asked at all.</param>
internal sealed class RunTable(TextWriter output, bool namesServers, bool namesVariants, bool namesExits, bool hasServers)
{
    private bool _hasTitle;

    public void Add(FrameLine frame)
    {
        AddTitle();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{frame.Frame,6} {frame.Partition,4}  {frame.Source,-6} {Mark(frame),-5}{frame.HeadMs,9:0.00} {frame.EncodeMs,10:0.00} {frame.OffloadMs,11:0.00} {frame.ServerMs,10:0.00} {frame.TotalMs,9:0.00} {frame.PredictedMs,10:0.00} {Sizes.Bytes(frame.BytesSent),10}{(namesVariants ? $"  {frame.Variant,-14}" : "")}{(namesExits ? ExitOf(frame) : "")}{(namesServers ? $"  {frame.Server}" : "")}"));
    }

    public void Add(MissedFrameLine frame)
    {
        AddTitle();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frame.Frame,6}       {"missed",-53} {frame.TotalMs,9:0.00}"));
    }

    private void AddTitle()
    {
        if (!_hasTitle) output.WriteLine(" frame  cut  source        head ms  encode ms  offload ms  server ms  total ms  predicted       sent" + (namesVariants ? "  variant       " : "") + (namesExits ? "  exit   sure" : "") + (namesServers ? "  server" : ""));
        _hasTitle = true;
    }

    private static string ExitOf(FrameLine frame) => string.Create(CultureInfo.InvariantCulture, $"  {(frame.Exit > 0 ? frame.Exit : null),4} {(frame.Confidence is { } sure ? $"{sure * 100:0.0}%" : ""),6}");

    private static string Mark(FrameLine frame) => frame.Early is true ? "early" : frame.Late is true ? "late" : frame.Exit > 0 ? "exit" : frame.Raced ? "race" : frame.Forced ? "try" : "";

    public void End(RunSummaryLine summary)
    {
        Write($"{Words.Count(summary.Frames, "frame")} by {summary.Policy}: mean {summary.MeanMs:0.00} ms, median {summary.P50Ms:0.00}, 95 % within {summary.P95Ms:0.00}, 99 % within {summary.P99Ms:0.00}, {Sizes.Bytes(summary.BytesSent)} sent");
        Write($"split {summary.SplitShare * 100:0.#} %, device {summary.DeviceShare * 100:0.#} %, server {summary.ServerShare * 100:0.#} %{(summary.Missed > 0 ? $"; {Words.Count(summary.Missed, "more frame")} missed the deadline" : "")}{(summary.Late is { } late ? $"; {Words.Count(late, "result")} came up to 5 ms after the deadline, which counts as in time" : "")}");
        // Without a server, what one alone takes is no question, and what the device alone takes is none where exits answered everything.
        if (hasServers) Write($"device alone {Alone(summary.DeviceAloneMs, summary.DeviceAloneFrames)}; server alone {Alone(summary.ServerAloneMs, summary.ServerAloneFrames)}");
        else if (summary.DeviceAloneMs is not null) Write($"device alone {Alone(summary.DeviceAloneMs, summary.DeviceAloneFrames)}");
        if (summary.ExitShare is { } early) Write($"exits answered {early * 100:0.0} %");
        if (summary.MeanAccuracy is { } accuracy) Write($"expected to be right in {accuracy * 100:0.0} % of cases, in the mean of the frames with a result");
        if (summary.Start is { } start) Write($"before the first frame: {start.ProcessMs:0} ms for the process, {start.PlanMs:0} ms to load and plan the model, {start.ClientMs:0} ms for the client");

        void Write(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static string Alone(double? mean, int frames) =>
        mean is null ? "is not known: no frame ran so" : string.Create(CultureInfo.InvariantCulture, $"{mean:0.00} ms ({Words.Count(frames, "frame")})");
}
