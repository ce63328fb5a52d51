using System.CommandLine;
using SplitInfer.Cli.Output;
using SplitInfer.Dashboard.Families;
using SplitInfer.Families;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>Tells what a family has, what was done for each variant, and what it costs.</summary>
internal static class TailorExplainCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("FAMILY") { Description = "A family.json, or the folder that has one." };
        var variant = new Argument<string?>("VARIANT") { Description = "The variant to tell of. [default: all]", Arity = ArgumentArity.ZeroOrOne };
        var html = new Option<string?>("--html") { Description = "Draw the family into this file: one page for a browser, which needs no other file and loads nothing.", HelpName = "F.html" };
        var command = new ExplainedCommand("explain", "Tells what was done for each variant of a family, what that cost, and what could not be made.", "splitinfer tailor explain family", "splitinfer tailor explain family int8", "splitinfer tailor explain family --html family.html") { file, variant, html };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
            var family = FamilyFile.Load(Directory.Exists(path) ? Path.Combine(path, FamilyFile.Name) : path);
            if (parsed.GetValue(variant) is { } name)
            {
                var chosen = family.Variants.FirstOrDefault(v => v.Name == name) ?? throw new Inputs.UsageException($"The family has no variant '{name}'. It has: {string.Join(", ", family.Variants.Select(static v => v.Name))}.");
                family = family with { Variants = [chosen], Targets = [.. family.Targets.Where(t => t.Variant == name)], NotMade = [] };
            }

            if (parsed.GetValue(html) is { } page)
            {
                PageFile.Write(page, writer => FamilyPage.Write(writer, family));
                if (!parsed.GetValue(options.Json))
                {
                    terminal.Output.WriteLine($"drawn into {page}");
                    return;
                }
            }

            if (parsed.GetValue(options.Json)) FamilyLines.Write(terminal, family, folder);
            else
            {
                FamilyTable.Write(terminal, family);
                FamilyTable.WriteSteps(terminal, family);
            }
        });
        return command;
    }
}
