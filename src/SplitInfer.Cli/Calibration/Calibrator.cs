using SplitInfer.Calibration;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Calibration;

/// <summary>Finds out what codecs do to the outputs of a model, on samples. Several samples run at a time; the result does not depend on how many.</summary>
/// <param name="model">The model.</param>
/// <param name="samples">Its inputs.</param>
/// <param name="labels">The right class of each sample; null where it is not known.</param>
/// <param name="codecs">What to try.</param>
/// <param name="execution">How ONNX Runtime runs.</param>
/// <param name="workers">How many samples run at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class Calibrator(
    PartitionedModel model, SampleFolder samples, int[]? labels, IReadOnlyList<ITensorCodec> codecs, ExecutionOptions execution, int workers, TimeProvider time)
{
    private readonly bool _isClassifier = IsClassifier(model);

    // What is measured is what is sent.
    private readonly IReadOnlyList<ITensorCodec> _codecs = [.. codecs.Select(static codec => new SlabbedCodec(codec))];

    /// <summary>Tries every codec at one partition.</summary>
    /// <param name="partition">An admissible one with a boundary.</param>
    /// <param name="step">Called after each sample, from any thread.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What came of it, in the order of the codecs.</returns>
    public async Task<IReadOnlyList<CalibratedCodec>> RunAsync(Partition partition, Action step, CancellationToken cancellationToken)
    {
        using var cut = new LoadedCut(model, partition.Index, execution);
        var trial = new CutTrial(cut, _codecs);
        var outcomes = new SampleOutcomes[samples.Count];
        await Parallel.ForAsync(0, samples.Count, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken }, (sample, cancellation) =>
        {
            var inputs = samples.Read(sample, model.Plan.Inputs);
            outcomes[sample] = trial.Run(inputs, cancellation);
            LoadedCut.Release(inputs);
            step();
            return ValueTask.CompletedTask;
        });

        // Alone, after the loops have run often enough to be compiled for good.
        var first = samples.Read(0, model.Plan.Inputs);
        var boundary = cut.MakeBoundary(first);
        CalibratedCodec[] results = [.. _codecs.Select((codec, place) => Sum(partition.Index, place, outcomes, CodecMeasurement.Of(codec, boundary, MeasuringEffort.Brief, time)))];
        LoadedCut.Release(boundary);
        LoadedCut.Release(first);
        return results;
    }

    private CalibratedCodec Sum(int partition, int place, SampleOutcomes[] outcomes, CodecMeasurement speed)
    {
        var payloadBytes = outcomes.Sum(outcome => outcome.Codecs[place].PayloadBytes);
        var differences = outcomes.Select(outcome => outcome.Codecs[place].Outputs).Aggregate(static (left, right) => [.. left.Zip(right, static (l, r) => l + r)]);
        var entry = new CalibrationEntry
        {
            Partition = partition,
            Codec = _codecs[place].Name,
            Ratio = outcomes.Sum(static outcome => outcome.BoundaryBytes) / (double)Math.Max(1, payloadBytes),
            Agreement = _isClassifier ? Share(sample => outcomes[sample].Codecs[place].Class == outcomes[sample].Class) : null,
            OutputError = differences.Select(static difference => difference.Relative).DefaultIfEmpty().Max(),
            EncodeGBs = speed.EncodeGBs,
            DecodeGBs = speed.DecodeGBs,
            PayloadBytes = payloadBytes / (double)outcomes.Length,
        };
        return labels is null || outcomes[0].Class is null
            ? new(entry, null, null)
            : new(entry, Share(sample => outcomes[sample].Codecs[place].Class == labels[sample]), Share(sample => outcomes[sample].Class == labels[sample]));
    }

    private double Share(Func<int, bool> holds) => Enumerable.Range(0, samples.Count).Count(holds) / (double)samples.Count;

    /// <summary>A classifier's first output is one row of several scores: N, 1×N or 1×N×1×1.</summary>
    private static bool IsClassifier(PartitionedModel model)
    {
        var (type, shape) = (model.Plan.Outputs[0].Type, model[model.Plan.Outputs[0].Name].NominalShape);
        if (!FloatingPoint.Is(type) || shape.IsDefaultOrEmpty) return false;
        return shape is [> 1] or [1, > 1, ..] && shape.Count(static size => size != 1) == 1;
    }
}
