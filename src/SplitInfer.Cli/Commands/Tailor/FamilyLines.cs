using System.Text.Json.Serialization;
using SplitInfer.Cli.Output;
using SplitInfer.Families;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>A variant as programs read it.</summary>
internal sealed record FamilyLine(string Variant, string File, long Bytes, double Ms, double BaseMs, double Agreement, double AgreementLow, double Cosine, bool Pareto, IReadOnlyList<string> Targets, IReadOnlyList<string> Steps)
{
    /// <summary>The share of right classes, where they are known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Top1 { get; init; }

    /// <summary>The lower bound of that share.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Top1Low { get; init; }
}

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
            var line = new FamilyLine(variant.Name, Path.Combine(folder, variant.File), variant.Bytes, variant.Times[0].Milliseconds, variant.Times[0].BaseMilliseconds, variant.Agreement, variant.AgreementLow, variant.Cosine, variant.IsParetoOptimal, targets, variant.Steps);
            lines.Write(line with { Top1 = variant.Accuracy, Top1Low = variant.AccuracyLow }, LineContext.Default.FamilyLine);
        }

        foreach (var target in family.Targets)
            if (target.Refusal is { } refusal) lines.Write(new RefusedTargetLine(target.Name, refusal), LineContext.Default.RefusedTargetLine);
    }
}
