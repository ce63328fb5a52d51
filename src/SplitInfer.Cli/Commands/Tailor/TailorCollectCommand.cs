using System.CommandLine;
using SplitInfer.Cli.Output;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Statistics;

namespace SplitInfer.Cli.Commands.Tailor;

/// <summary>Collects what variants need to know of samples, where the samples are.</summary>
internal static class TailorCollectCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var calibration = new Option<string>("--calibration") { Description = "Folder of samples, as 'splitinfer tailor' takes them. They stay where they are.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "The file to write, which 'splitinfer tailor --stats' takes.", HelpName = "F.bin", Required = true };
        var command = new ExplainedCommand("collect", "Runs a model on samples and keeps ranges, histograms and means of its values, by which variants are made elsewhere.",
            "splitinfer tailor collect squeezenet.onnx --calibration photographs --out phone.bin")
        {
            file, calibration, output, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (plan, execution, target) = (options.PlanOf(parsed), options.ExecutionOf(parsed), parsed.GetRequiredValue(output));
            // Better known now than after an hour.
            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target)))) throw new DirectoryNotFoundException($"There is no folder for '{target}'; make it first.");
            var (model, inputs, samples) = SampledModel.Open(parsed.GetRequiredValue(file), parsed.GetRequiredValue(calibration), plan, execution, terminal);
            SampleStatistics? statistics = null;
            await terminal.TrackAsync($"{samples.Count} samples", samples.Count, step => Task.Run(() => statistics = ModelTailor.Collect(model, inputs, samples, execution, new Evaluate.EachStep(step), cancellationToken), cancellationToken));
            StatisticsFile.Save(target, statistics!);
            var bytes = new FileInfo(target).Length;
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(new(target, statistics!.Model.ToString(), statistics.Samples, statistics.Values.Count, bytes), LineContext.Default.StatisticsLine);
            else terminal.Output.WriteLine($"{statistics!.Values.Count} values over {statistics.Samples} samples, kept in {target} ({Sizes.Bytes(bytes)})");
        });
        return command;
    }
}

/// <summary>What was collected, as programs read it.</summary>
internal sealed record StatisticsLine(string File, string Model, int Samples, int Values, long Bytes);
