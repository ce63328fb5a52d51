using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Sets the threshold of exits that were chosen, which is one for all of them, with the samples that nothing else has seen.</summary>
internal static class ExitThresholds
{
    /// <summary>Sets the threshold, and leaves out exits that nothing leaves by, unless they were asked for.</summary>
    /// <returns>The exits, and the share of computation that they save on these samples.</returns>
    /// <exception cref="ExitsRefusedException">Nothing leaves by any of them.</exception>
    public static (ModelExits Exits, double Saving) Set(PartitionedModel model, IReadOnlyList<TrainedExit> chosen, ModelAnswers answers, SampleDivision division, ExitOptions options)
    {
        if (chosen.Count == 0) throw Refused(model, options);
        var samples = division.Threshold;
        // Whichever of the exits are used, no more than these are lost.
        double[] wrong = [.. samples.Select(sample => chosen.Max(exit => exit.IsAgreeing[sample] ? -1 : exit.Confidences[sample]))];
        var threshold = LossBound.Threshold(wrong, options.MaxLoss, options.Confidence);
        var leaving = samples.Select(sample => chosen.FirstOrDefault(exit => exit.Confidences[sample] >= threshold)).ToArray();
        if (leaving.All(static exit => exit is null)) throw Refused(model, options);
        var kept = chosen.Where(exit => options.Partitions is not null || leaving.Contains(exit)).ToArray();
        var errors = wrong.Count(confidence => confidence >= threshold);
        var exits = new ModelExits
        {
            Model = model.Plan.Model,
            Plan = model.Plan.Fingerprint,
            Output = model.Plan.Outputs[0].Name,
            Classes = answers.Classes,
            Scores = answers.Form,
            Promise = new()
            {
                MaxLoss = options.MaxLoss, Confidence = options.Confidence, Bound = LossBound.Name, TrainingSamples = division.Training.Length, CalibrationSamples = division.Calibration.Length,
                ThresholdSamples = samples.Length, Errors = errors, LossHigh = BinomialBound.Upper(errors, samples.Length, options.Confidence), ExitRate = Share(static exit => exit is not null),
            },
            Exits = [.. kept.Select(exit => exit.At(threshold) with { ExitRate = Share(left => left == exit), Agreement = samples.Count(sample => exit.IsAgreeing[sample]) / (double)samples.Length })],
            Answers = RecordedAnswers.Of([.. kept.Select(exit => samples.Select(sample => exit.Confidences[sample]).ToArray())], [.. kept.Select(exit => samples.Select(sample => exit.IsAgreeing[sample]).ToArray())]),
        };
        var (total, heads) = (model.Plan.AllOnDevice.Head.Macs, kept.Sum(static exit => (double)exit.Head.Weights.Length));
        return (exits, 1 - (leaving.Average(exit => exit?.Macs ?? total + heads) / total));

        double Share(Func<TrainedExit?, bool> holds) => leaving.Count(holds) / (double)leaving.Length;
    }

    private static ExitsRefusedException Refused(PartitionedModel model, ExitOptions options) => new(
        $"{model.Source}: no exit is sure enough of any sample to lose at most {options.MaxLoss * 100:0.####} % with {options.Confidence * 100:0.##} % confidence"
        + $"{(options.Partitions is null ? "" : $" at {(options.Partitions.Count == 1 ? "cut" : "cuts")} {string.Join(", ", options.Partitions)}")}. "
        + $"Allow more with {nameof(ExitOptions)}.{nameof(ExitOptions.MaxLoss)}, give more samples, or name later cuts with {nameof(ExitOptions)}.{nameof(ExitOptions.Partitions)}. A head of many classes needs many samples of each: with a thousand classes, ten thousand samples and more.");
}
