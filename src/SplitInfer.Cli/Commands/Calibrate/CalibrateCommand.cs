using System.CommandLine;
using SplitInfer.Calibration;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Calibrate;

/// <summary>Finds out what codecs do to the results of a model, and keeps it in a file.</summary>
internal sealed class CalibrateCommand(Terminal terminal, bool isJson, double minAgreement)
{
    private const double DefaultMinAgreement = 0.99;

    // A few photographs have every byte in them.
    private const int MostLookedAt = 32;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var inputs = new Option<string>("--inputs") { Description = "Folder of samples: one .npy each; where the model has several inputs, a folder each with one NAME.npy for each input.", HelpName = "DIR", Required = true };
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample, a number a line, in the order of the names of the samples.", HelpName = "F" };
        var partitions = new Option<string>("--partitions") { Description = "Where to cut: all, arms, or a list such as 0,4,19.", HelpName = "WHICH", DefaultValueFactory = static _ => PartitionChoice.Arms };
        var agreement = new Option<double>("--min-agreement")
        {
            Description = "What the table calls good enough: the part of samples whose class stays the same, or 1 less the relative error of the outputs where the model is no classifier.",
            HelpName = "X",
            DefaultValueFactory = static _ => DefaultMinAgreement,
        };
        agreement.Require<double>(static share => share is >= 0 and <= 1, "takes 0 to 1.");
        var codecs = SharedOptions.Codecs("Try this codec only.");
        var pictures = new ImageCodecOptions("Try codecs of pictures as well, where the pictures cross:", "Without it, what the model's file states, or what the samples show.");
        var output = new Option<string>("--out") { Description = "The file to write, which clients then use.", HelpName = "F.json", Required = true };
        var command = new ExplainedCommand("calibrate", "Runs tails on what codecs make of boundaries, and keeps size, agreement and speed of each.",
            "splitinfer calibrate squeezenet.onnx --inputs photographs --out squeezenet.calibration.json",
            "splitinfer calibrate squeezenet.onnx --inputs photographs --labels labels.txt --partitions all --min-agreement 0.98 --out all.json --json",
            "splitinfer calibrate squeezenet.onnx --inputs photographs --image-codecs jpeg:95,webp:90,png --out squeezenet.calibration.json")
        {
            file, inputs, labels, partitions, agreement, codecs, pictures.All, output, options.Planning,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var (path, plan, execution, target) = (parsed.GetRequiredValue(file), options.PlanOf(parsed), options.ExecutionOf(parsed), parsed.GetRequiredValue(output));
            // Better known now than after an hour.
            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target)))) throw new DirectoryNotFoundException($"There is no folder for '{target}'; make it first.");
            // A run is short and there are many, so each has one thread unless asked otherwise, and as many run at a time as there are cores.
            if (parsed.GetResult(options.Threads) is null) execution.IntraOpThreads = 1;
            var workers = execution.IntraOpThreads == 0 ? 1 : Math.Max(1, Environment.ProcessorCount / execution.IntraOpThreads);
            var onnx = OnnxModel.Load(path, plan.Limits);
            var samples = SampleFolder.Open(parsed.GetRequiredValue(inputs), SampledModel.NamesOf(onnx, plan));
            var classes = parsed.GetValue(labels) is { } labelPath ? LabelFile.Read(labelPath, samples.Count) : null;
            plan.SampleInputs = samples.Read(0);
            var model = terminal.While($"Planning {path}", () => ModelFile.Plan(onnx, plan, execution));
            foreach (var tensor in plan.SampleInputs.Values) tensor.Dispose();
            var cuts = PartitionChoice.Of(parsed.GetRequiredValue(partitions), model.Plan).Where(static cut => !cut.Boundary.IsEmpty).ToArray();
            var images = pictures.Of(parsed, model, Few(samples, model.Plan.Inputs));
            if (images.Count > 0 && !parsed.GetValue(options.Json)) terminal.Output.WriteLine($"pictures as {string.Join(", ", images.Select(static codec => codec.Name))}");
            var calibrator = new Calibrator(model, samples, new() { Codecs = [.. SharedOptions.CodecsOf(parsed, codecs), .. images], Labels = classes, Execution = execution, MaxConcurrency = workers });
            var command = new CalibrateCommand(terminal, parsed.GetValue(options.Json), parsed.GetValue(agreement));
            return command.RunAsync(calibrator, cuts, samples.Count, target, cancellationToken);
        });
        return command;
    }

    /// <summary>Some of the samples, one by one.</summary>
    private static IEnumerable<TensorValue[]> Few(SampleFolder samples, IReadOnlyList<TensorSpec> inputs)
    {
        for (var i = 0; i < Math.Min(samples.Count, MostLookedAt); i++)
        {
            var sample = samples.Read((int)((long)i * samples.Count / Math.Min(samples.Count, MostLookedAt)), inputs);
            yield return sample;
            foreach (var tensor in sample) tensor.Dispose();
        }
    }

    private async Task RunAsync(Calibrator calibrator, Partition[] cuts, int samples, string path, CancellationToken cancellationToken)
    {
        var lines = isJson ? new JsonLines(terminal.Output) : null;
        var calibrated = new List<CalibratedCut>();
        await terminal.TrackAsync($"{cuts.Length} cuts, {samples} samples", cuts.Length * samples, async step =>
        {
            foreach (var cut in cuts)
            {
                calibrated.Add(await calibrator.CalibrateAsync(cut, step, cancellationToken));
                foreach (var result in calibrated[^1].Codecs) lines?.Write(CalibrationLine.Of(cut, result, samples), LineContext.Default.CalibrationLine);
            }
        });
        CalibrationFile.Save(path, calibrator.Sum(calibrated));
        WarnOfFewSamples(calibrated, samples);
        if (isJson) return;
        if (calibrated.Count > 0) CalibrationTable.Write(terminal, calibrated, samples, minAgreement);
        terminal.Output.WriteLine($"{samples} samples at {cuts.Length} cuts, kept in {path}; the best codec is the smallest that leaves {minAgreement * 100:0.##} % as it was");
    }

    /// <summary>Says where the best codec may owe its agreement to chance.</summary>
    private void WarnOfFewSamples(IReadOnlyList<CalibratedCut> calibrated, int samples)
    {
        var doubted = calibrated.Where(cut => CalibrationTable.BestOf(cut, minAgreement) is { Entry.Agreement: { } agreement } best
            && !CalibrationTable.IsLossless(best) && WilsonInterval.Of(agreement, samples).Low < minAgreement).Select(static cut => cut.Partition.Index).ToArray();
        if (doubted.Length == 0) return;
        var (count, claim) = ($"{samples} {(samples == 1 ? "sample is" : "samples are")}", $"{minAgreement * 100:0.##} %");
        var advice = WilsonInterval.SamplesFor(minAgreement) is { } needed ? $"It takes {needed} samples that all agree, and more where some do not" : "No number of samples can show that all agree";
        terminal.Complain($"{count} too few to be 95 % sure of {claim} agreement with the best codec at {(doubted.Length == 1 ? "cut" : "cuts")} {string.Join(", ", doubted)}. {advice}; or claim less with --min-agreement.");
    }
}
