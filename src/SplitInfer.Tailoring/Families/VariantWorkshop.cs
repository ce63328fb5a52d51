using System.Globalization;
using SplitInfer.Execution;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>Decides which variants are made for targets, and keeps them with what was measured; each is made and measured once. Not thread-safe.</summary>
internal sealed partial class VariantWorkshop : IDisposable
{
    // What only rounding may cost.
    private const double LeastCosine = 0.9999;

    private readonly OnnxModel _model;
    private readonly IReadOnlyList<int> _threads;
    private readonly TailoringOptions _options;
    private readonly TailoringReport _report;
    private readonly SampleSplit _samples;
    private readonly VariantMaker _maker;
    private readonly VariantJudge _judge;

    // Less than any target asks for serves none.
    private readonly double _leastAgreement;
    private readonly List<Candidate> _candidates = [];
    private readonly List<string> _refusals = [];
    private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Candidate> _byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string?> _prunedProblems = [];
    private bool _hasNormalForm;

    public VariantWorkshop(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, IReadOnlyList<TailoringTarget> targets, ISampleSource samples, TailoringOptions options, IProgress<TailoringProgress>? progress, CancellationToken cancellationToken)
    {
        (_model, _options, _report, _samples) = (model, options, new(progress), SampleSplit.Of(samples, options));
        _threads = [.. targets.Select(static t => t.Threads).Append(options.Threads).Distinct().Order()];
        _leastAgreement = targets.Select(static t => t.MinAgreement ?? 0).DefaultIfEmpty(0).Min();
        _maker = new(model, inputs, _samples, options, _report, cancellationToken);
        _judge = new(model, inputs, _samples, options, cancellationToken);
    }

    /// <summary>The variants so far.</summary>
    public IReadOnlyList<Candidate> Candidates => _candidates;

    /// <summary>Which samples serve what.</summary>
    public SampleSplit Samples => _samples;

    /// <summary>Why some variants could not be made, each with its name.</summary>
    public IReadOnlyList<string> Refusals => _refusals;

    public void Dispose() => _judge.Dispose();

    /// <summary>Makes the variants that a family always has where they can be made: the normal form, and products in integers.</summary>
    public void MakeFirst(string isa)
    {
        if (_candidates.Count == 0) MakeNormalForm();
        TryMakeInt8(isa, kept: 0);
        // Where what multiplies is no convolution, ranges that are found in each run cost little and lose little.
        var bits = InstructionSet.FormatFor(isa).WeightBits;
        Try(NameOf("dynamic-int8", isa), isa, VariantKind.DynamicInt8, $"dynamic-int8 {bits}", () => _maker.DynamicInt8(bits));
    }

    /// <summary>Makes one more variant that a target may be met by.</summary>
    /// <returns>Whether there was one to be made.</returns>
    public bool MakeNext(string isa, TailoringTarget target)
    {
        if (!_hasNormalForm) return false;
        var confidence = _options.PromiseConfidence;
        var (whole, int8) = (Find("float32")!, Find(NameOf("int8", isa)));
        // Smaller without another result, and as slow.
        if (!whole.MeetsSize(target) && whole.MeetsTime(target))
        {
            if (Try("float16-weights", isa: null, VariantKind.HalfWeights, "float16-weights", _maker.HalfWeights)) return true;
            if (Try("int8-weights", isa: null, VariantKind.Int8Weights, "int8-weights", _maker.Int8Weights)) return true;
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
            foreach (var percent in VariantMaker.PrunedPercents)
                if (CanBeFastEnough(int8, target, percent) && TryMakePruned(isa, percent)) return true;
        }

        return false;
    }

    /// <summary>Takes the times of variants once more, all in turn, so that they can be compared and promised.</summary>
    public void TimeTogether(IReadOnlyList<Candidate> variants)
    {
        foreach (var (done, threads) in _threads.Index())
        {
            _report.Say("Timing the variants together", done, _threads.Count);
            var times = _judge.TimeTogether(variants, threads);
            for (var i = 0; i < variants.Count; i++)
            {
                var place = _candidates.FindIndex(candidate => candidate.Name == variants[i].Name);
                _candidates[place] = _candidates[place] with { IsTimedTogether = true, Times = new Dictionary<int, CandidateTime>(_candidates[place].Times) { [threads] = times[i] } };
            }
        }
    }

    private static string NameOf(string name, string isa) => isa == InstructionSets.Here ? name : $"{name}-{isa}";

    private Candidate? Find(string name) => _candidates.Find(candidate => candidate.Name == name);

    /// <summary>Makes what all others are made of. Where it cannot be made, or does not give what the model gives, only the model itself is left.</summary>
    private void MakeNormalForm()
    {
        _tried.Add("float32");
        string reason;
        try
        {
            Measure("float32", isa: null, VariantKind.Exact, _maker.Normalise());
            _hasNormalForm = _candidates[0] is { IsExact: true, Score.Cosine: > LeastCosine };
            if (_hasNormalForm) return;
            reason = string.Create(CultureInfo.InvariantCulture, $"its results differ: {_candidates[0].Score.Agreeing} of {_candidates[0].Score.Samples} agree, cosine {_candidates[0].Score.Cosine:F6}");
            _candidates.Clear();
        }
        catch (Exception refusal) when (refusal is TransformationRefusedException or EngineException)
        {
            reason = ReasonOf(refusal);
        }

        // The model as it is can still be what a target asks for.
        _refusals.Add($"normalisation: {reason}");
        Measure("float32", isa: null, VariantKind.Exact, _maker.AsItIs(reason));
    }

    private static string ReasonOf(Exception refusal) => refusal is TransformationRefusedException refused ? refused.Reason : refusal.Message;

    /// <summary>Makes a variant unless it was tried before.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isa">The processor that it is for; null for any.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="content">What is in it: of the same content for another processor it is not made again.</param>
    /// <param name="make">Makes it.</param>
    /// <returns>Whether there is one more now.</returns>
    private bool Try(string name, string? isa, VariantKind kind, string content, Func<MadeVariant> make)
    {
        if (!_hasNormalForm || !_tried.Add(name)) return false;
        try
        {
            if (_byContent.TryGetValue(content, out var known))
            {
                _candidates.Add(known with { Name = name, Isa = isa });
                return true;
            }

            _report.Say($"Making {name}");
            var made = make();
            if (_candidates.Find(other => other.Isa == isa && other.Model.Fingerprint == made.Model.Fingerprint) is { } same) throw new TransformationRefusedException(name, _model.Source, $"it is the same model as '{same.Name}'");
            Measure(name, isa, kind, made);
            _byContent.Add(content, _candidates[^1]);
            return true;
        }
        catch (Exception refusal) when (refusal is TransformationRefusedException or EngineException)
        {
            _refusals.Add($"{name}: {ReasonOf(refusal)}");
            return false;
        }
    }

    private void Measure(string name, string? isa, VariantKind kind, MadeVariant made)
    {
        _report.Say($"Measuring {name}");
        var tally = _judge.Judge(made.Model);
        var times = _threads.ToDictionary(static threads => threads, threads => _judge.Time(made.Model, threads));
        var own = times[_options.Threads];
        var isExact = kind == VariantKind.Exact && tally.Agreeing == tally.Samples;
        _candidates.Add(new(name, isa, made)
        {
            Score = ModelScore.Of(made.Model.Source, tally, new(own.Median, own.Upper), made.Bytes.Length),
            Times = times,
            // A model whose answers change from run to run has one variant, which bears all of the risk.
            RiskShare = kind == VariantKind.Exact && !isExact ? 1 : PromiseRisk.ShareOf(kind, _options.MaxMixedVariants),
            IsExact = isExact,
        });
    }
}
