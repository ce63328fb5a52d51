using System.Collections.Immutable;
using System.Globalization;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Pruning;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Float16;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>Makes and measures variants, each once. What they need of the samples is collected once for all. Not thread-safe.</summary>
internal sealed class VariantWorkshop
{
    // What only rounding may cost.
    private const double LeastCosine = 0.9999;

    private static readonly HashSet<string> NoneKept = [];

    private readonly OnnxModel _model;
    private readonly IReadOnlyList<TensorSpec> _inputs;
    private readonly IReadOnlyList<int> _threads;
    private readonly TailoringOptions _options;
    private readonly IProgress<TailoringProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly SamplePart _ranging, _judging;
    private readonly int[]? _judgingLabels;
    private readonly List<Candidate> _candidates = [];
    private readonly List<string> _refusals = [];
    private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SampleStatistics> _statistics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _sensitive = new(StringComparer.Ordinal);

    // Null where the model cannot be normalised, so that nothing can be made of it.
    private TransformedModel? _normal;

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

    /// <summary>Why some variants could not be made, each with its name.</summary>
    public IReadOnlyList<string> Refusals => _refusals;

    /// <summary>Makes the variants that every target may need: the normal form, and products in integers.</summary>
    public void MakeFirst(string isa)
    {
        if (_candidates.Count == 0) MakeNormalForm();
        TryMakeInt8(isa, kept: 0);
        // Where what multiplies is no convolution, ranges that are found in each run cost little and lose little.
        Try(NameOf("dynamic-int8", isa), isa, () => Apply(new DynamicInt8(InstructionSet.FormatFor(isa).WeightBits), _normal!, "float32"));
    }

    /// <summary>Makes one more variant that a target may be met by.</summary>
    /// <returns>Whether there was one to be made.</returns>
    public bool MakeNext(string isa, TailoringTarget target)
    {
        if (_normal is null) return false;
        var confidence = _options.PromiseConfidence;
        var (whole, int8) = (Find("float32")!, Find(NameOf("int8", isa)));
        // Smaller without another result, and as slow.
        if (!whole.MeetsSize(target) && whole.MeetsTime(target))
        {
            if (Try("float16-weights", isa: null, () => Apply(new Float16Storage(), _normal, "float32"))) return true;
            if (Try("int8-weights", isa: null, () => Apply(new WeightOnlyInt8(), _normal, "float32"))) return true;
        }

        if (int8 is null) return false;
        // More in float32 costs time and bytes and gains agreement, so that it helps where only that is lacking.
        if (!int8.MeetsAgreement(target, confidence) && int8.MeetsTime(target) && int8.MeetsSize(target))
        {
            for (var mixed = 0; mixed < _options.MaxMixedVariants; mixed++)
                if (TryMakeInt8(isa, kept: 1 << mixed)) return true;
        }

        // Less to multiply costs agreement.
        if (int8.MeetsAgreement(target, confidence) && !(int8.MeetsTime(target) && int8.MeetsSize(target)))
        {
            foreach (var percent in (int[])[20, 40])
                if (TryMakePruned(isa, percent)) return true;
        }

        return false;
    }

    private static string NameOf(string name, string isa) => isa == InstructionSet.Here ? name : $"{name}-{isa}";

    private Candidate? Find(string name) => _candidates.Find(candidate => candidate.Name == name);

    /// <summary>Makes what all others are made of. Where it cannot be made, or does not give what the model gives, only the model itself is left.</summary>
    private void MakeNormalForm()
    {
        Report("Normalising the model", 0, 1);
        _tried.Add("float32");
        string reason;
        try
        {
            _normal = new Normalization(_options.Execution).Apply(_model, _cancellationToken);
            Measure("float32", isa: null, new(_normal.Model, _normal.Bytes, Parent: null, _normal.Changes), isExact: true);
            if (_candidates[0] is { IsExact: true, Score.Cosine: > LeastCosine }) return;
            reason = string.Create(CultureInfo.InvariantCulture, $"its results differ: {_candidates[0].Score.Agreeing} of {_candidates[0].Score.Samples} agree, cosine {_candidates[0].Score.Cosine:F6}");
            _candidates.Clear();
        }
        catch (Exception refusal) when (refusal is TransformationRefusedException or EngineException)
        {
            reason = ReasonOf(refusal);
        }

        // The model as it is can still be what a target asks for.
        _normal = null;
        _refusals.Add($"normalisation: {reason}");
        var bytes = new GraphEdit(_model).ToBytes();
        Measure("float32", isa: null, new(OnnxModel.Parse(bytes.AsMemory(), source: $"{_model.Source} (float32)"), bytes, Parent: null, [$"as it is, since it cannot be normalised: {reason}"]), isExact: true);
    }

    private static string ReasonOf(Exception refusal) => refusal is TransformationRefusedException refused ? refused.Reason : refusal.Message;

    /// <summary>Makes a variant unless it was tried before.</summary>
    /// <returns>Whether there is one more now.</returns>
    private bool Try(string name, string? isa, Func<Made> make)
    {
        if (_normal is null || !_tried.Add(name)) return false;
        Report($"Making {name}", 0, 1);
        try
        {
            Measure(name, isa, make(), isExact: false);
            return true;
        }
        catch (Exception refusal) when (refusal is TransformationRefusedException or EngineException)
        {
            _refusals.Add($"{name}: {ReasonOf(refusal)}");
            return false;
        }
    }

    private Made Apply(ModelTransformation transformation, TransformedModel to, string parent)
    {
        var made = transformation.Apply(to.Model, _cancellationToken);
        return new(made.Model, made.Bytes, parent, [.. to.Changes, .. made.Changes]);
    }

    private bool TryMakeInt8(string isa, int kept)
    {
        var name = NameOf(kept == 0 ? "int8" : string.Create(CultureInfo.InvariantCulture, $"int8-keep{kept}"), isa);
        if (_normal is null || _tried.Contains(name)) return false;
        return Try(name, isa, () =>
        {
            // All of them in float32 is refused as what it is.
            var keptInFloat = kept == 0 ? [] : SensitiveOf(isa).Take(kept).ToHashSet(StringComparer.Ordinal);
            var made = Apply(new StaticInt8(StatisticsOf("float32", _normal.Model), FormatFor(isa, keptInFloat)), _normal, "float32");
            return kept == 0 ? made : made with { Steps = [.. made.Steps, $"kept in float32: {string.Join(", ", keptInFloat)}"] };
        });
    }

    private bool TryMakePruned(string isa, int percent)
    {
        var name = NameOf(string.Create(CultureInfo.InvariantCulture, $"int8-pruned{percent}"), isa);
        return Try(name, isa, () =>
        {
            var pruned = new ChannelPruning(_ranging, _inputs, new() { Share = percent / 100.0, Execution = Execution(1) }).Apply(_normal!.Model, _cancellationToken);
            var made = new StaticInt8(StatisticsOf(name, pruned.Model), FormatFor(isa, NoneKept)).Apply(pruned.Model, _cancellationToken);
            return new(made.Model, made.Bytes, "float32", [.. _normal.Changes, .. pruned.Changes, .. made.Changes]);
        });
    }

    private SampleStatistics StatisticsOf(string name, OnnxModel model)
    {
        if (!_statistics.TryGetValue(name, out var statistics))
            _statistics.Add(name, statistics = StatisticsCollector.Collect(model, _inputs, _ranging, Execution(1), new Told(this, "Collecting ranges", _ranging.Count), _cancellationToken));
        return statistics;
    }

    private IReadOnlyList<string> SensitiveOf(string isa)
    {
        if (_sensitive.TryGetValue(isa, out var known)) return known;
        var products = StaticInt8.Products(new GraphEdit(_normal!.Model)).Count;
        var ended = 0;
        var few = new SamplePart(_ranging, [.. Enumerable.Range(0, Math.Min(_ranging.Count, _options.SensitivitySamples))]);
        var scan = SensitivityScan.Run(_normal.Model, _inputs, few, StatisticsOf("float32", _normal.Model), FormatFor(isa, NoneKept), TimingFor(1), () => Report("Finding sensitive products", ++ended, products), _cancellationToken);
        return _sensitive[isa] = [.. scan.Select(static found => found.Product)];
    }

    private static Int8Options FormatFor(string isa, IReadOnlySet<string> keptInFloat)
    {
        var (activations, bits) = InstructionSet.FormatFor(isa);
        return new() { Activations = activations, WeightBits = bits, KeptInFloat = keptInFloat };
    }

    private void Measure(string name, string? isa, Made made, bool isExact)
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
            var scores = ModelEvaluator.Evaluate([_model, made.Model], _inputs, judged, options: timing, cancellationToken: _cancellationToken);
            times[threads] = new(scores[1].Seconds, scores[1].UpperSeconds, scores[0].Seconds);
            score ??= scores[1];
        }

        _candidates.Add(new(name, isa, made.Parent, made.Model, made.Bytes, made.Steps) { Score = score!, Times = times, IsExact = isExact && score!.Agreeing == score.Samples });
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
        Agreement = _options.Timing.Agreement,
        AgreeingLikeness = _options.Timing.AgreeingLikeness,
        TimeProvider = _options.Timing.TimeProvider,
    };

    private void Report(string what, int done, int steps) => _progress?.Report(new(what, done, steps));

    private sealed class Told(VariantWorkshop workshop, string what, int steps) : IProgress<int>
    {
        public void Report(int value) => workshop.Report(what, value, steps);
    }

    /// <summary>A variant that is not measured yet.</summary>
    private sealed record Made(OnnxModel Model, ReadOnlyMemory<byte> Bytes, string? Parent, ImmutableArray<string> Steps);
}
