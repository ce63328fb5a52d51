using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>
/// Measures on samples how codecs affect a model: how much smaller they make a boundary, how often the result stays the same, and how fast they
/// are on this machine. Several samples run at the same time; except for the speeds, their number does not affect the result. Calibrate one cut at a time.
/// </summary>
public sealed class Calibrator
{
    private readonly PartitionedModel _model;
    private readonly ISampleSource _samples;
    private readonly CalibrationOptions _options;
    private readonly bool _isClassifier;
    private readonly IReadOnlyList<ITensorCodec> _codecs;

    /// <summary>Prepares the calibration of a model; nothing runs yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">Samples of its inputs, which should resemble those in use.</param>
    /// <param name="options">How it is calibrated; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is invalid, there are no samples, or there are not as many labels as samples.</exception>
    public Calibrator(PartitionedModel model, ISampleSource samples, CalibrationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new();
        options.Validate();
        if (samples.Count < 1) throw new ArgumentException("There are no samples; give at least one.", nameof(samples));
        if (options.Labels is { } labels && labels.Count != samples.Count)
            throw new ArgumentException($"{nameof(CalibrationOptions.Labels)} has {labels.Count} classes for {samples.Count} samples; give one for each.", nameof(options));
        (_model, _samples, _options, _isClassifier) = (model, samples, options, IsClassifier(model));
        // Measures what is sent.
        _codecs = [.. options.Codecs.Select(static codec => new SlabbedCodec(codec))];
    }

    /// <summary>Measures every codec at each of the given cuts and returns the calibration. Save it with <see cref="CalibrationFile"/>.</summary>
    /// <param name="partitions">The partitions; those without a boundary are skipped. Null for <see cref="PartitionPlan.Arms"/>.</param>
    /// <param name="progress">Receives the number of completed runs, after each sample at each cut, on any thread; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">A partition cannot be made.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public async Task<ModelCalibration> RunAsync(IEnumerable<Partition>? partitions = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var runs = 0;
        var cuts = new List<CalibratedCut>();
        foreach (var partition in (partitions ?? _model.Plan.Arms).Where(static p => p.Boundary.Length > 0))
            cuts.Add(await CalibrateAsync(partition, () => progress?.Report(Interlocked.Increment(ref runs)), cancellationToken).ConfigureAwait(false));
        return Sum(cuts);
    }

    /// <summary>Measures every codec at one cut, but those that suit none of its values.</summary>
    /// <param name="partition">A partition that can be made and has a boundary.</param>
    /// <param name="sampleEnded">Called after each sample, on any thread; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">The partition cannot be made, or has no boundary.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public async Task<CalibratedCut> CalibrateAsync(Partition partition, Action? sampleEnded = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(partition);
        if (partition.Boundary.IsEmpty) throw new ArgumentException($"Nothing crosses partition {partition.Index}, so that there is nothing to encode.", nameof(partition));
        using var cut = LoadedCut.Load(_model, partition.Index, _options.Execution);
        ITensorCodec[] codecs = [.. _codecs.Where(codec => partition.Boundary.Any(codec.Suits))];
        var trial = new CutTrial(cut, codecs);
        var outcomes = new SampleOutcomes[_samples.Count];
        await Parallel.ForAsync(0, outcomes.Length, new ParallelOptions { MaxDegreeOfParallelism = _options.MaxConcurrency, CancellationToken = cancellationToken }, (sample, cancellation) =>
        {
            var inputs = _samples.Read(sample, _model.Plan.Inputs);
            outcomes[sample] = trial.Run(inputs, cancellation);
            Release(inputs);
            sampleEnded?.Invoke();
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);

        // Runs alone, after the loops have run often enough to be fully optimised by the just-in-time compiler.
        var first = _samples.Read(0, _model.Plan.Inputs);
        var boundary = cut.MakeBoundary(first, cancellationToken);
        CalibratedCodec[] results = [.. codecs.Select((codec, place) => Sum(partition.Index, place, outcomes, CodecMeasurement.Of(codec, boundary, MeasuringEffort.Brief, _options.TimeProvider)))];
        Release(boundary);
        Release(first);
        return new(partition, results);
    }

    /// <summary>Combines the results of cuts into a calibration.</summary>
    /// <param name="cuts">Results of <see cref="CalibrateAsync"/>, each partition at most once.</param>
    public ModelCalibration Sum(IEnumerable<CalibratedCut> cuts) =>
        new(_model.Plan.Model, _model.Plan.Fingerprint, _samples.Count, cuts.SelectMany(static cut => cut.Codecs).Select(static codec => codec.Entry));

    private CalibratedCodec Sum(int partition, int place, SampleOutcomes[] outcomes, CodecMeasurement speed)
    {
        var payloadBytes = outcomes.Sum(outcome => outcome.Codecs[place].PayloadBytes);
        var differences = outcomes.Select(outcome => outcome.Codecs[place].Outputs).Aggregate(static (left, right) => [.. left.Zip(right, static (l, r) => l + r)]);
        var entry = new CalibrationEntry
        {
            Partition = partition,
            Codec = speed.Codec,
            Ratio = outcomes.Sum(static outcome => outcome.BoundaryBytes) / (double)Math.Max(1, payloadBytes),
            Agreement = _isClassifier ? Share(sample => outcomes[sample].Codecs[place].Class == outcomes[sample].Class) : null,
            OutputError = differences.Select(static difference => difference.Relative).DefaultIfEmpty().Max(),
            EncodeGBs = speed.EncodeGBs,
            DecodeGBs = speed.DecodeGBs,
            PayloadBytes = payloadBytes / (double)outcomes.Length,
        };
        return _options.Labels is not { } labels || outcomes[0].Class is null
            ? new(entry, null, null)
            : new(entry, Share(sample => outcomes[sample].Codecs[place].Class == labels[sample]), Share(sample => outcomes[sample].Class == labels[sample]));
    }

    private double Share(Func<int, bool> holds) => Enumerable.Range(0, _samples.Count).Count(holds) / (double)_samples.Count;

    /// <summary>A classifier's first output is one row of several scores: N, 1×N or 1×N×1×1.</summary>
    private static bool IsClassifier(PartitionedModel model)
    {
        var (type, shape) = (model.Plan.Outputs[0].Type, model.ShapeOf(model.Plan.Outputs[0].Name) ?? []);
        if (!FloatingPoint.Is(type) || shape.IsEmpty) return false;
        return shape is [> 1] or [1, > 1, ..] && shape.Count(static size => size != 1) == 1;
    }

    private static void Release(TensorValue[] tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
