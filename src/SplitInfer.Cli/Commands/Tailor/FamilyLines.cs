using System.Text.Json.Serialization;
using SplitInfer.Cli.Output;
using SplitInfer.Families;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>A variant as programs read it.</summary>
internal sealed record FamilyLine(string Variant, string File, long Bytes, double? Ms, double? BaseMs, double Agreement, double AgreementLow, double Cosine, bool Pareto, IReadOnlyList<string> Targets, IReadOnlyList<string> Steps, IReadOnlyList<FamilyTimeLine> Times)
{
    /// <summary>The processor that the variant is for, where it is not for any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Isa { get; init; }

    /// <summary>The share of right classes, where they are known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Top1 { get; init; }

    /// <summary>The lower bound of that share.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Top1Low { get; init; }
}

/// <summary>What a run takes, with so many threads.</summary>
internal sealed record FamilyTimeLine(int Threads, double Ms, double? UpperMs, double BaseMs);

/// <summary>A target that no variant meets.</summary>
internal sealed record RefusedTargetLine(string Target, string Refusal);

/// <summary>Writes a family as JSON, a line a variant.</summary>
internal static class FamilyLines
{
    public static void Write(Terminal terminal, ModelFamily family, string folder)
    {
        var lines = new JsonLines(terminal.Output);
        foreach (var variant in family.Variants)
        {
            string[] targets = [.. family.Targets.Where(t => t.Variant == variant.Name).Select(static t => t.Name)];
            // Times of another processor are no times.
            FamilyTimeLine[] times = variant.IsTimedElsewhere ? [] : [.. variant.Times.Select(static t => new FamilyTimeLine(t.Threads, t.Milliseconds, t.UpperMilliseconds, t.BaseMilliseconds))];
            var line = new FamilyLine(variant.Name, Path.Combine(folder, variant.File), variant.Bytes, times.FirstOrDefault()?.Ms, times.FirstOrDefault()?.BaseMs, variant.Agreement, variant.AgreementLow, variant.Cosine, variant.IsParetoOptimal, targets, variant.Steps, times);
            lines.Write(line with { Isa = variant.Isa, Top1 = variant.Accuracy, Top1Low = variant.AccuracyLow }, LineContext.Default.FamilyLine);
        }

        foreach (var target in family.Targets)
            if (target.Refusal is { } refusal) lines.Write(new RefusedTargetLine(target.Name, refusal), LineContext.Default.RefusedTargetLine);
    }
}
