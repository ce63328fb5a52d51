using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// Makes exits for a classifier from samples without labels: small linear heads on its cuts, taught the model's own answers. The model is not changed. Samples are divided
/// into three parts: one trains heads, one chooses and calibrates them, and one, which nothing else has seen, sets the confidence from which on they answer.
/// </summary>
public static class ExitMaker
{
    /// <summary>Makes exits.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">Samples of its inputs, which should be like those in use.</param>
    /// <param name="options">How they are made; null for the defaults.</param>
    /// <param name="progress">Receives how far the work is, on any thread; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="ExitsRefusedException">The model is no classifier, a cut can have no exit, the samples are too few, or no exit is sure enough.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static async Task<MadeExits> MakeAsync(PartitionedModel model, ISampleSource samples, ExitOptions? options = null, IProgress<ExitProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new();
        options.Validate();
        ModelAnswers.RequireClassifier(model);
        var division = SampleDivision.Of(samples.Count, options.MaxLoss, options.Confidence, options.Seed);
        var candidates = ExitCandidates.Of(model, options);
        var runs = new SampleCollection(model, samples, options, progress);
        var answers = ModelAnswers.Of(await runs.ScoresAsync(cancellationToken).ConfigureAwait(false));
        var trained = new List<TrainedExit>();
        foreach (var (partition, features) in candidates)
        {
            var table = await runs.FeaturesAsync(partition, features, cancellationToken).ConfigureAwait(false);
            if (!table.IsFinite)
            {
                if (options.Partitions is not null) throw new ExitsRefusedException($"At cut {partition.Index} of {model.Source} numbers cross that are infinite or none, of which an exit can make nothing. Name another cut.");
                continue;
            }

            progress?.Report(new($"Teaching an exit at cut {partition.Index}", trained.Count, candidates.Length));
            trained.Add(await Task.Run(() => HeadTraining.Train(partition, features, table, answers, division, options, cancellationToken), cancellationToken).ConfigureAwait(false));
        }

        var total = model.Plan.AllOnDevice.Head.Macs;
        var selection = new ExitSelection(division.Calibration, total, LossBound.LikelyLoss(division.Threshold.Length, options.MaxLoss, options.Confidence));
        var chosen = options.Partitions is null ? selection.Choose(trained, options.MaxExits, options.MinGain) : [.. trained];
        var (exits, saving) = ExitThresholds.Set(model, chosen, answers, division, options);
        return new(exits, [.. trained.Select(exit => new ConsideredCut(
            exit.Partition, exit.Features.Sum(static f => f.Count), exit.Macs / total, division.Calibration.Count(sample => exit.IsAgreeing[sample]) / (double)division.Calibration.Length,
            selection.SavingOf([exit]), exits.Find(exit.Partition.Index) is not null))], saving);
    }
}
