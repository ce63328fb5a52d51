using System.Text.Json.Serialization;
using SplitInfer.Cli.Output;
using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>A cut that an exit was tried at, as programs read it. The last three fields are there where it has become an exit.</summary>
internal sealed record ExitLine(int Partition, IReadOnlyList<string> Boundary, int Features, double Computation, double Agreement, double Saving, bool Chosen)
{
    /// <summary>The confidence from which on it answers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Threshold { get; init; }

    /// <summary>What scores are divided by.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Temperature { get; init; }

    /// <summary>The share of the samples for the threshold that leaves here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExitRate { get; init; }
}

/// <summary>All exits, as programs read them.</summary>
internal sealed record ExitsLine(
    string File, int Exits, int Samples, int Training, int Calibration, int Thresholding, double MaxLoss, double Confidence, string Bound, int Errors, double LossHigh, double ExitRate, double Saving);

/// <summary>What exits do, as programs read it. Bounds are one-sided, with 95 % confidence.</summary>
internal sealed record ExitsTestLine(
    int Samples, double ExitRate, double Agreement, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? FullAccuracy, double MeanMs, double FullMs, double AgreementLow, IReadOnlyList<ExitTestRow> Exits)
{
    public static ExitsTestLine Of(ExitTestReport report) =>
        new(report.Samples, report.ExitRate, report.Agreement, report.Accuracy, report.FullAccuracy, report.MeanMs, report.FullMs, report.AgreementLow, report.Rows);
}

/// <summary>Writes exits that were made as JSON, a line a cut.</summary>
internal static class ExitLines
{
    public static void Write(Terminal terminal, MadeExits made, int samples, string path)
    {
        var lines = new JsonLines(terminal.Output);
        foreach (var cut in made.Considered)
        {
            var exit = made.Exits.Find(cut.Partition.Index);
            lines.Write(new(cut.Partition.Index, [.. cut.Partition.Boundary.Select(static value => value.Name)], cut.Features, cut.Computation, cut.Agreement, cut.Saving, cut.IsChosen)
            {
                Threshold = exit?.Threshold, Temperature = exit?.Temperature, ExitRate = exit?.ExitRate,
            }, LineContext.Default.ExitLine);
        }

        var promise = made.Exits.Promise;
        lines.Write(new(
            path, made.Exits.Exits.Length, samples, promise.TrainingSamples, promise.CalibrationSamples, promise.ThresholdSamples, promise.MaxLoss, promise.Confidence, promise.Bound, promise.Errors,
            promise.LossHigh, promise.ExitRate, made.Saving), LineContext.Default.ExitsLine);
    }
}
