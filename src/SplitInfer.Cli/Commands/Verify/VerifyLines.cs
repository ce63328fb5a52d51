using System.Text.Json.Serialization;
using SplitInfer.Cli.Output;
using SplitInfer.Tailoring.Verification;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>How one partition compares with the whole model.</summary>
internal sealed record VerdictLine(int Partition, double MaxAbsDiff, double MaxRelDiff, bool BitExact, bool Ok, double Tolerance)
{
    /// <summary>Why the partition did not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Whether the partition agrees with the whole model and fails because both differ from the known outputs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KnownOutputsDiffer { get; init; }

    /// <summary>Why the partition is not right, in words; null where it is.</summary>
    [JsonIgnore]
    public string? Fault => Ok ? null : Error ?? (KnownOutputsDiffer ? "gives what the whole model gives, which differs from the known outputs" : "differs from the whole model");

    public static VerdictLine Of(PartitionVerdict verdict)
    {
        var difference = verdict.Difference;
        return new(verdict.Partition.Index, difference.MaxAbs, difference.MaxRel, difference.IsBitExact, verdict.IsOk, verdict.Tolerance) { Error = verdict.Error, KnownOutputsDiffer = !verdict.IsOk && verdict.IsAsWhole };
    }
}

/// <summary>The end of one model's verification.</summary>
internal sealed record VerifiedLine(string Model, int Partitions, int Failed, int Skipped, IReadOnlyDictionary<string, int> SkippedBecause)
{
    /// <summary>Why nothing of the model was run: it cannot be planned, does not run as it is, or cannot be compared.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Refused { get; init; }

    /// <summary>Why the verification broke off.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

/// <summary>Models with the same outcome for the same kind of reason.</summary>
internal sealed record ReasonLine(string Outcome, string Reason, int Models, string Example);

/// <summary>The end of several models' verification.</summary>
internal sealed record VerifySummaryLine(int Models, int Verified, int Failed, int Refused, int Incomparable, int PartitionsRun, IReadOnlyList<ReasonLine> Reasons);

/// <summary>A line for each partition, one at the end of each model, and one at the end of several.</summary>
internal sealed class VerifyLines(Terminal terminal) : IVerifyReport
{
    private readonly JsonLines _lines = new(terminal.Output);

    public void Add(VerdictLine verdict) => _lines.Write(verdict, LineContext.Default.VerdictLine);

    public void End(ModelResult result)
    {
        var (planned, isBroken) = (result.Planned, result.End.Kind == VerifyEnd.Broken);
        IReadOnlyDictionary<string, int> skipped = planned?.Skipped ?? [];
        _lines.Write(
            new(result.Model.Path, planned?.Partitions ?? 0, Math.Max(result.Failed, isBroken ? 1 : 0), skipped.Values.Sum(), skipped)
            {
                Refused = isBroken ? null : result.End.Reason,
                Error = isBroken ? result.End.Reason : null,
            },
            LineContext.Default.VerifiedLine);
        if (result.End.Kind is not (VerifyEnd.Verified or VerifyEnd.Incomparable)) terminal.Complain(result.Reason!);
    }

    public void Summarize(VerifySummary summary) => _lines.Write(
        new(
            summary.Models, summary[Outcome.Verified], summary[Outcome.Failed], summary[Outcome.Refused], summary[Outcome.Incomparable], summary.Partitions,
            [.. summary.Reasons.Select(static r => new ReasonLine(Name(r.Outcome), r.Kind, r.Count, r.Example))]),
        LineContext.Default.VerifySummaryLine);

    private static string Name(Outcome outcome) => outcome switch
    {
        Outcome.Failed => "failed",
        Outcome.Refused => "refused",
        Outcome.Incomparable => "incomparable",
        _ => "verified",
    };
}
