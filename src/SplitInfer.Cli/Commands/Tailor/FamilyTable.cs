using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Families;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>A family as people read it.</summary>
internal static class FamilyTable
{
    private const int BarWidth = 10;

    /// <summary>A row a variant, the one that agrees most first.</summary>
    public static void Write(Terminal terminal, ModelFamily family)
    {
        var hasLabels = family.Variants.Any(static v => v.Accuracy is not null);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("variant").NoWrap());
        foreach (var column in (string[])["size", "smaller", "ms"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("") { Width = BarWidth, NoWrap = true });
        foreach (var column in (string[])["faster", "agree", "at least", .. hasLabels ? (string[])["right"] : []]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn("for");
        // Times of another processor are no times.
        VariantTime[] times = [.. family.Variants.Where(static v => !v.IsTimedElsewhere).Select(static v => v.Times[0])];
        var baseMilliseconds = times.Select(static time => time.BaseMilliseconds).FirstOrDefault();
        var (slowest, original) = (times.Select(static time => time.Milliseconds).Append(baseMilliseconds).Max(), family.ModelBytes ?? family.Variants.Max(static v => v.Bytes));
        if (family.ModelBytes is { } bytes)
        {
            table.AddRow([
                "[dim]the original[/]", Sizes.Bytes(bytes), Number(1, "F2", "×"), baseMilliseconds > 0 ? Number(baseMilliseconds, "F2", "") : "–", baseMilliseconds > 0 ? $"[dim]{Bar.Of(baseMilliseconds, slowest, BarWidth)}[/]" : "", baseMilliseconds > 0 ? Number(1, "F2", "×") : "–",
                Number(100, "F1", " %"), "", .. hasLabels ? (string[])[""] : [], "",
            ]);
        }

        foreach (var variant in family.Variants)
        {
            var time = variant.Times[0];
            string[] cells =
            [
                $"{(variant.IsParetoOptimal ? "" : "[dim]")}{Markup.Escape(variant.Name)}{(variant.IsParetoOptimal ? "" : "[/]")}", Sizes.Bytes(variant.Bytes), Number((double)original / variant.Bytes, "F2", "×"), variant.IsTimedElsewhere ? "–" : Number(time.Milliseconds, "F2", ""),
                variant.IsTimedElsewhere ? "" : $"[green]{Bar.Of(time.Milliseconds, slowest, BarWidth)}[/]", variant.IsTimedElsewhere ? "–" : Number(time.BaseMilliseconds / time.Milliseconds, "F2", "×"), Number(variant.Agreement * 100, "F1", " %"), Number(variant.AgreementLow * 100, "F1", " %"),
                .. hasLabels ? (string[])[variant.Accuracy is { } accuracy ? Number(accuracy * 100, "F1", " %") : ""] : [], Markup.Escape(string.Join(", ", family.Targets.Where(t => t.Variant == variant.Name).Select(static t => t.Name))),
            ];
            table.AddRow(cells);
        }

        terminal.Tables.Write(table);
    }

    /// <summary>What was done for each variant, and which targets none meets.</summary>
    public static void WriteSteps(Terminal terminal, ModelFamily family)
    {
        foreach (var variant in family.Variants)
        {
            terminal.Output.WriteLine($"{variant.Name}: {variant.File}{(variant.Parent is { } parent ? $", made of {parent}" : "")}{(variant.Isa is { } isa ? $", for {isa}" : "")}{(variant.IsTimedElsewhere ? ", not timed there" : "")}");
            foreach (var step in variant.Steps) terminal.Output.WriteLine($"  {step}");
        }

        WriteNotMade(terminal, family);
        foreach (var target in family.Targets.Where(static t => t.Refusal is not null)) terminal.Output.WriteLine($"target {target.Name}: {target.Refusal}");
        terminal.Output.WriteLine($"judged by {Words.Count(family.Samples, "sample")}{(family.SharesSamples ? ", which they were made with, since there are no others," : "")} on {family.Machine}; \"smaller\" and \"faster\" are against {family.Model} as it was, timed in turn");
    }

    /// <summary>What could not be made or is of no use, and why.</summary>
    public static void WriteNotMade(Terminal terminal, ModelFamily family)
    {
        foreach (var reason in family.NotMade) terminal.Output.WriteLine($"not made: {reason}");
    }

    private static string Number(double value, string format, string unit) => value.ToString(format, CultureInfo.InvariantCulture) + unit;
}
