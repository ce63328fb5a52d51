using System.Collections.Concurrent;
using System.Diagnostics;

namespace SplitInfer.Telemetry;

/// <summary>Spans of stages, which are drawn once it is known how long each took, so that the stages themselves pay nothing.</summary>
internal static class StageSpan
{
    /// <summary>What the names of all spans begin with.</summary>
    public const string Prefix = "splitinfer.";

    // There are about a dozen.
    private static readonly ConcurrentDictionary<string, string> Stages = new(StringComparer.Ordinal);

    /// <summary>Draws a stage that has ended.</summary>
    /// <param name="source">Where the span comes from.</param>
    /// <param name="parent">The span that holds it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="begins">When it began, after the beginning of <paramref name="parent"/>.</param>
    /// <param name="taken">How long it took; nothing is drawn of a stage that took none.</param>
    public static void Draw(ActivitySource source, Activity parent, string name, TimeSpan begins, TimeSpan taken)
    {
        if (taken <= TimeSpan.Zero) return;
        var start = parent.StartTimeUtc + begins;
        using var stage = source.StartActivity(name, ActivityKind.Internal, parent.Context, startTime: start);
        stage?.SetEndTime(start + taken);
    }

    /// <summary>The name of a stage without <see cref="Prefix"/>, as <see cref="TelemetryTags.Stage"/> has it.</summary>
    public static string StageOf(string name) => Stages.GetOrAdd(name, static name => name[Prefix.Length..]);
}
