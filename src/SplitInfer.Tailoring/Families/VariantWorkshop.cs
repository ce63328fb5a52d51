using System.Collections.Immutable;
using System.Globalization;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>Makes and measures variants, each once. What they need of the samples is collected once for all. Not thread-safe.</summary>
internal sealed class VariantWorkshop : IDisposable
{
    private readonly OnnxModel _model;
    private readonly IReadOnlyList<TensorSpec> _inputs;
    private readonly IReadOnlyList<int> _threads;
    private readonly TailoringOptions _options;
    private readonly IProgress<TailoringProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly SamplePart _ranging, _judging;
    private readonly int[]? _judgingLabels;
    private readonly List<Candidate> _candidates = [];
    private readonly Dictionary<string, Int8Line> _lines = new(StringComparer.Ordinal);
    private SampleStatistics? _statistics;
    private TransformedModel? _normal;
    private string? _refusal;

    public VariantWorkshop(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, IReadOnlyList<int> threads, TailoringOptions options, IProgress<TailoringProgress>? progress, CancellationToken cancellationToken)
    {
        (_model, _inputs, _threads, _options, _progress, _cancellationToken) = (model, inputs, threads, options, progress, cancellationToken);
        var all = Enumerable.Range(0, samples.Count).ToArray();
        const int FewestApart = 4;
        // Every other one, since samples that follow each other are often alike.
        var ranging = samples.Count < FewestApart ? all : [.. all.Where(static sample => sample % 2 == 0).Take(options.RangeSamples)];
        var judging = samples.Count < FewestApart ? all : [.. all.Except(ranging)];
        (_ranging, _judging) = (new(samples, ranging), new(samples, judging));
        _judgingLabels = options.Labels is { } labels ? [.. judging.Select(sample => labels[sample])] : null;
    }

    /// <summary>The variants so far.</summary>
    public IReadOnlyList<Candidate> Candidates => _candidates;

    /// <summary>Samples by which variants are judged.</summary>
    public int JudgingSamples => _judging.Count;

    /// <summary>Makes the variants that every target may need: the normal form, and all products in integers.</summary>
    public void MakeFirst(string isa)
    {
        if (_candidates.Count == 0) MakeNormalForm();
        if (_lines.ContainsKey(isa)) return;
        var line = _lines[isa] = new();
        if (_normal is null) return;
        TryMakeInt8(isa, line, kept: 0);
    }

    /// <summary>Makes one more variant that a target may be met by.</summary>
    /// <returns>Whether there was one to be made.</returns>
    public bool MakeNext(string isa, TailoringTarget target)
    {
        var line = _lines[isa];
        if (_normal is null || line.Int8 is not { } int8 || line.Mixed >= _options.MaxMixedVariants) return false;
        // More in float32 costs time and bytes and gains agreement, so that it helps where only that is lacking.
        if (int8.MeetsAgreement(target, _options.PromiseConfidence) || !int8.MeetsTime(target) || !int8.MeetsSize(target)) return false;
        line.Sensitive ??= Scan(isa);
        var kept = 1 << line.Mixed++;
        if (kept >= line.Sensitive.Count) return false;
        TryMakeInt8(isa, line, kept);
        return true;
    }

    public void Dispose() { }

    private void MakeNormalForm()
    {
        Report("Normalising the model", 0, 1);
        try
        {
            _normal = new Normalization(_options.Execution).Apply(_model, _cancellationToken);
            Measure("float32", isa: null, parent: null, _normal.Model, _normal.Bytes, _normal.Changes, isExact: true);
        }
        catch (TransformationRefusedException refusal)
        {
            // The model as it is can still be what a target asks for.
            _refusal = refusal.Reason;
            var edit = new GraphEdit(_model);
            Measure("float32", isa: null, parent: null, _model, edit.ToBytes(), [$"as it is, since it cannot be normalised: {_refusal}"], isExact: true);
        }
    }

    private void TryMakeInt8(string isa, Int8Line line, int kept)
    {
        var (activations, bits) = InstructionSet.FormatFor(isa);
        var suffix = isa == InstructionSet.Here ? "" : $"-{isa}";
        var name = kept == 0 ? $"int8{suffix}" : string.Create(CultureInfo.InvariantCulture, $"int8{suffix}-keep{kept}");
        try
        {
            _statistics ??= StatisticsCollector.Collect(_normal!.Model, _inputs, _ranging, Execution(1), new Told(this, "Collecting ranges", _ranging.Count), _cancellationToken);
            var keptInFloat = kept == 0 ? [] : line.Sensitive!.Take(kept).Select(static p => p.Product).ToHashSet(StringComparer.Ordinal);
            var made = new StaticInt8(_statistics, new() { Activations = activations, WeightBits = bits, KeptInFloat = keptInFloat }).Apply(_normal!.Model, _cancellationToken);
            ImmutableArray<string> steps = [.. _normal.Changes, .. made.Changes, .. keptInFloat.Count > 0 ? (string[])[$"kept in float32: {string.Join(", ", keptInFloat)}"] : []];
            var candidate = Measure(name, isa, parent: "float32", made.Model, made.Bytes, steps, isExact: false);
            if (kept == 0) line.Int8 = candidate;
        }
        catch (TransformationRefusedException refusal)
        {
            line.Refusal = refusal.Reason;
        }
    }

    private IReadOnlyList<(string Product, double Loss)> Scan(string isa)
    {
        var (activations, bits) = InstructionSet.FormatFor(isa);
        var products = StaticInt8.Products(new GraphEdit(_normal!.Model)).Count;
        var ended = 0;
        var few = new SamplePart(_ranging, [.. Enumerable.Range(0, Math.Min(_ranging.Count, _options.SensitivitySamples))]);
        return SensitivityScan.Run(_normal.Model, _inputs, few, _statistics!, new() { Activations = activations, WeightBits = bits }, TimingFor(1), () => Report("Finding sensitive products", ++ended, products), _cancellationToken);
    }

    private Candidate Measure(string name, string? isa, string? parent, OnnxModel model, ReadOnlyMemory<byte> bytes, ImmutableArray<string> steps, bool isExact)
    {
        Report($"Measuring {name}", 0, 1);
        var times = new Dictionary<int, CandidateTime>();
        var score = default(ModelScore);
        foreach (var threads in _threads)
        {
            var timing = TimingFor(threads);
            // Answers do not depend on threads, so one sample will do for the others.
            ISampleSource judged = score is null ? _judging : new SamplePart(_judging, [0]);
            timing.Labels = score is null ? _judgingLabels : null;
            var scores = ModelEvaluator.Evaluate([_model, model], _inputs, judged, options: timing, cancellationToken: _cancellationToken);
            times[threads] = new(scores[1].Seconds, scores[1].UpperSeconds, scores[0].Seconds);
            score ??= scores[1];
        }

        var candidate = new Candidate(name, isa, parent, model, bytes, steps) { Score = score!, Times = times, IsExact = isExact && score!.Agreeing == score.Samples };
        _candidates.Add(candidate);
        return candidate;
    }

    private ExecutionOptions Execution(int threads)
    {
        var given = _options.Execution ?? new();
        return given.WithThreads(threads);
    }

    private EvaluationOptions TimingFor(int threads) => new()
    {
        Execution = Execution(threads),
        TimingRounds = _options.Timing.TimingRounds,
        TimingBudget = _options.Timing.TimingBudget,
        AgreeingCosine = _options.Timing.AgreeingCosine,
        TimeProvider = _options.Timing.TimeProvider,
    };

    private void Report(string what, int done, int steps) => _progress?.Report(new(what, done, steps));

    /// <summary>What was made in integers for one processor.</summary>
    private sealed class Int8Line
    {
        public Candidate? Int8 { get; set; }

        public IReadOnlyList<(string Product, double Loss)>? Sensitive { get; set; }

        public int Mixed { get; set; }

        public string? Refusal { get; set; }
    }

    private sealed class Told(VariantWorkshop workshop, string what, int steps) : IProgress<int>
    {
        public void Report(int value) => workshop.Report(what, value, steps);
    }
}
