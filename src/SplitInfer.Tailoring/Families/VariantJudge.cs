using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// Measures variants beside the model that they are made of, which is loaded once for each number of threads and whose answers are computed once. Not thread-safe.
/// </summary>
internal sealed class VariantJudge : IDisposable
{
    // How much shorter a first look is than what is promised.
    private const int Haste = 4;

    // Of more, not all are in memory at once.
    private const long MostBytes = 1L << 30;

    private readonly OnnxModel _model;
    private readonly IReadOnlyList<TensorSpec> _inputs;
    private readonly SampleSplit _samples;
    private readonly TailoringOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<int, IEngineSession> _originals = [];
    private readonly ReferenceAnswers _reference;

    public VariantJudge(OnnxModel model, IReadOnlyList<TensorSpec> inputs, SampleSplit samples, TailoringOptions options, CancellationToken cancellationToken)
    {
        (_model, _inputs, _samples, _options, _cancellationToken) = (model, inputs, samples, options, cancellationToken);
        _reference = new(Original(options.Threads), samples.Judging, inputs);
    }

    /// <summary>Compares the answers of a variant with those of the model.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="isHopeless">Whether no more samples are needed to refuse it; null to go through all.</param>
    public AnswerTally Judge(OnnxModel variant, Func<AnswerTally, bool>? isHopeless = null)
    {
        using var session = ModelSessions.Load(variant, _options.ExecutionOf(_options.Threads));
        var tally = new AnswerTally(Timing(_options.Threads));
        foreach (var comparison in _reference.Compare(session, _cancellationToken))
        {
            tally.Add(comparison);
            if (isHopeless is not null && isHopeless(tally)) break;
        }

        return tally;
    }

    /// <summary>Takes a first look at the time of a variant.</summary>
    public CandidateTime Time(OnnxModel variant, int threads)
    {
        var timing = Timing(threads);
        (timing.TimingRounds, timing.TimingBudget) = (Math.Max(3, timing.TimingRounds / Haste), timing.TimingBudget / Haste);
        return Time([variant], timing)[0];
    }

    /// <summary>Takes the times of variants in turn.</summary>
    public CandidateTime[] TimeTogether(IReadOnlyList<Candidate> variants, int threads)
    {
        var times = new List<CandidateTime>();
        while (times.Count < variants.Count)
        {
            var bytes = 0L;
            OnnxModel[] some = [.. variants.Skip(times.Count).TakeWhile((variant, place) => (bytes += variant.Bytes.Length) <= MostBytes || place == 0).Select(static variant => variant.Model)];
            times.AddRange(Time(some, Timing(threads)));
        }

        return [.. times];
    }

    public void Dispose()
    {
        _reference.Dispose();
        foreach (var session in _originals.Values) session.Dispose();
    }

    private CandidateTime[] Time(IReadOnlyList<OnnxModel> variants, EvaluationOptions timing)
    {
        var first = _samples.Judging.Read(0, _inputs);
        var sessions = new List<IEngineSession>();
        try
        {
            foreach (var variant in variants) sessions.Add(ModelSessions.Load(variant, timing.Execution));
            var times = SessionTiming.Of([Original(timing.Execution.IntraOpThreads), .. sessions], session => SampleRuns.InOrder(session, first, _inputs), timing, _cancellationToken);
            return [.. times.Skip(1).Select(time => new CandidateTime(time.Median, time.UpperQuartile, times[0].Median))];
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
            foreach (var tensor in first) tensor.Dispose();
        }
    }

    private IEngineSession Original(int threads)
    {
        if (!_originals.TryGetValue(threads, out var session)) _originals.Add(threads, session = ModelSessions.Load(_model, _options.ExecutionOf(threads)));
        return session;
    }

    private EvaluationOptions Timing(int threads) => new()
    {
        Execution = _options.ExecutionOf(threads),
        Labels = _samples.JudgingLabels,
        TimingRounds = _options.Timing.TimingRounds,
        TimingBudget = _options.Timing.TimingBudget,
        Agreement = _options.Timing.Agreement,
        AgreeingLikeness = _options.Timing.AgreeingLikeness,
        TimeProvider = _options.Timing.TimeProvider,
    };
}
