using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Families;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Statistics;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>Makes a family of variants of one model.</summary>
internal static class TailorCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var targets = new Option<string?>("--targets") { Description = "What variants have to be: a JSON file such as [{\"name\":\"phone\",\"maxMs\":20,\"maxBytes\":2e6,\"minAgreement\":0.97,\"threads\":1}]; every key but the name may be left out. Without it, every variant that no other one beats is kept.", HelpName = "F.json" };
        var calibration = new Option<string?>("--calibration") { Description = "Folder of samples, without labels: one .npy each; where the model has several inputs, a folder each with one NAME.npy for each input. Ranges are taken from half of them, and variants judged by the others.", HelpName = "DIR" };
        var statistics = new Option<string[]>("--stats") { Description = "What 'splitinfer tailor collect' left, on one device or several, which is added up: ranges are taken from it, and the samples of --calibration only judge. May be given several times, or with commas.", HelpName = "F.bin,F.bin…" };
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample: a number a line or a .npy file of whole numbers, in the order of the names of the samples.", HelpName = "F" };
        var agreement = Evaluate.EvaluateCommand.Agreement();
        var output = new Option<string>("--out") { Description = "The folder to write the models and family.json to.", HelpName = "DIR", Required = true };
        var command = new ExplainedCommand("tailor", "Makes smaller and faster variants of a model, measures each here, and keeps those that are asked for.",
            "splitinfer tailor squeezenet.onnx --calibration photographs --out family",
            "splitinfer tailor squeezenet.onnx --targets targets.json --calibration photographs --labels labels.txt --out family --json",
            "splitinfer tailor squeezenet.onnx --stats phone.bin,board.bin --calibration photographs --out family")
        {
            file, targets, calibration, statistics, labels, agreement, output, options.Planning,
        };
        command.Add(TailorExplainCommand.Create(options, terminal));
        command.Add(TailorCollectCommand.Create(options, terminal));
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (plan, execution, threads) = (options.PlanOf(parsed), options.ExecutionOf(parsed), Math.Max(1, parsed.GetValue(options.Threads)));
            var wanted = parsed.GetValue(targets) is { } targetPath ? TailoringTarget.Load(targetPath, threads) : [];
            string[] kept = [.. (parsed.GetValue(statistics) ?? []).SelectMany(static list => list.Split(',', StringSplitOptions.RemoveEmptyEntries))];
            var samplePath = parsed.GetValue(calibration) ?? throw new UsageException(kept.Length > 0
                ? "Statistics tell ranges, and not whether answers agree: name a folder of samples to judge by with --calibration DIR. They need no labels, and may be others than those of the devices."
                : "There are no samples to make variants with and to judge them by: name a folder of them with --calibration DIR. They need no labels.");
            var sum = kept.Length > 0 ? StatisticsFile.LoadSum(kept) : null;
            var (model, inputs, samples) = SampledModel.Open(parsed.GetRequiredValue(file), samplePath, plan, execution, terminal);
            if (sum is not null && sum.Model != model.Fingerprint) throw new UsageException($"{string.Join(", ", kept)}: statistics of the model {sum.Model}, and '{model.Source}' is {model.Fingerprint}. Collect them again with this file.");
            var classes = parsed.GetValue(labels) is { } labelPath ? LabelFile.Read(labelPath, samples.Count) : null;
            var folder = parsed.GetRequiredValue(output);
            var tailoring = new TailoringOptions { Labels = classes, Execution = execution, Threads = threads, Statistics = sum, Timing = new() { Agreement = parsed.GetValue(agreement) } };
            var family = await TellAsync(terminal, progress => Task.Run(() => ModelTailor.CreateSuite(model, inputs, wanted, samples, folder, tailoring, progress, cancellationToken), cancellationToken));
            if (parsed.GetValue(options.Json)) FamilyLines.Write(terminal, family, folder);
            else
            {
                FamilyTable.Write(terminal, family);
                FamilyTable.WriteNotMade(terminal, family);
                terminal.Output.WriteLine($"{Words.Count(family.Variants.Length, "variant")}, judged by {Words.Count(family.Samples, "sample")}, kept in {folder}");
            }

            if (family.SharesSamples) terminal.Complain($"{family.Samples} samples are too few to keep some apart: variants are judged by those they were made with, so agreement is too good. Give 4 or more.");
            foreach (var target in family.Targets.Where(static t => t.Refusal is not null)) terminal.Complain($"Target '{target.Name}': {target.Refusal}");
            return family.Targets.Any(static t => t.Refusal is not null) ? 1 : 0;
        });
        return command;
    }

    private static async Task<ModelFamily> TellAsync(Terminal terminal, Func<IProgress<TailoringProgress>?, Task<ModelFamily>> work)
    {
        if (!terminal.IsErrorTerminal) return await work(null);
        return await Spectre.Console.AnsiConsoleExtensions.Status(terminal.Progress).StartAsync("Tailoring", status => work(new Said(status)));
    }

    private sealed class Said(Spectre.Console.StatusContext status) : IProgress<TailoringProgress>
    {
        public void Report(TailoringProgress value) => Spectre.Console.StatusContextExtensions.Status(status, Spectre.Console.Markup.Escape(value.Steps > 1 ? $"{value.What}: {value.Done} of {value.Steps}" : value.What));
    }
}
