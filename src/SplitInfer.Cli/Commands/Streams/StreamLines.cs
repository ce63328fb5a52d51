using System.Text.Json.Serialization;
using SplitInfer.Client;
using SplitInfer.Client.Streams;

namespace SplitInfer.Cli.Commands.Streams;

/// <summary>The route that a frame of a stream took.</summary>
internal sealed record RouteLine(int Partition, string? Codec, string? Server);

/// <summary>What became of one frame of a stream.</summary>
/// <param name="Route">Its route; null where it has no result.</param>
/// <param name="Batch">Frames that the server ran together.</param>
/// <param name="Source">Where the result was computed; null where there is none.</param>
internal sealed record StreamFrameLine(long Frame, RouteLine? Route, int Batch, int InFlight, double LatencyMs, string Outcome, string? Source)
{
    /// <summary>Why it has failed; left out for all others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <param name="result">The frame.</param>
    public static StreamFrameLine Of(StreamResult result) => new(
        result.Frame, result.Result is { } had ? new(had.Partition.Index, had.Server is null ? null : had.Codec, had.Server) : null, Batch: 1, result.InFlight, result.Latency.TotalMilliseconds,
        result.Outcome.ToString().ToLowerInvariant(), result.Result?.Source switch { null => null, InferenceSource.Split => "split", InferenceSource.Device => "device", _ => "server" })
    {
        Error = result.Failure is { } failure ? FailureWords.Of(failure) : null,
    };
}

/// <summary>What came of a stream.</summary>
/// <param name="Fps">Frames a second that had a result, late ones included.</param>
/// <param name="P50Ms">Latency that half of them did not exceed; null where there are none, as below.</param>
/// <param name="Dropped">Frames for which others were inferred.</param>
/// <param name="Late">Frames that took longer than they may, with a result or without.</param>
/// <param name="BoundRatio">The frames a second, relative to the most that device, links and servers could take as the planner saw it; null where there was no planner.</param>
internal sealed record StreamSummaryLine(string Model, long Frames, double Fps, double? P50Ms, double? P95Ms, double? P99Ms, long Dropped, long Late, long Failed, double? BoundRatio);
