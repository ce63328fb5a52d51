using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>
/// Compares models side by side: each runs on the same samples, and their times are taken in turn, so that what disturbs the machine
/// disturbs all of them.
/// </summary>
public static class ModelEvaluator
{
    /// <summary>Evaluates models.</summary>
    /// <param name="models">The models. All take the inputs of the first.</param>
    /// <param name="inputs">The inputs, as the plan of the first model states them.</param>
    /// <param name="samples">The samples, which no model should have been made with.</param>
    /// <param name="against">The model whose answers the others are compared with; null for the first one.</param>
    /// <param name="options">How they are evaluated; null for the defaults.</param>
    /// <param name="progress">Receives the number of runs on samples that have ended; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>A score for each model, in order.</returns>
    /// <exception cref="ArgumentException">There is no model or no sample, or an option is invalid.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or a model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static IReadOnlyList<ModelScore> Evaluate(
        IReadOnlyList<OnnxModel> models, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, OnnxModel? against = null, EvaluationOptions? options = null,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new();
        options.Validate();
        if (models.Count == 0) throw new ArgumentException("There is no model; give at least one.", nameof(models));
        if (samples.Count < 1) throw new ArgumentException("There are no samples; give at least one.", nameof(samples));
        if (options.Labels is { } given && given.Count != samples.Count) throw new ArgumentException($"{nameof(EvaluationOptions.Labels)} has {given.Count} classes for {samples.Count} samples; give one for each.", nameof(options));
        var runs = 0;
        var sessions = new List<IEngineSession>();
        try
        {
            foreach (var model in models) sessions.Add(ModelSessions.Load(model, options.Execution));
            using var other = against is null ? null : ModelSessions.Load(against, options.Execution);
            using var reference = new ReferenceAnswers(other ?? sessions[0], samples, inputs);
            var tallies = sessions.Select(session => TallyOf(reference, session)).ToArray();
            var first = samples.Read(0, inputs);
            var times = SessionTiming.Of(sessions, session => SampleRuns.InOrder(session, first, inputs), options, cancellationToken);
            foreach (var tensor in first) tensor.Dispose();
            return [.. models.Select((model, place) => ModelScore.Of(model.Source, tallies[place], times[place], ModelSessions.BytesOf(model)))];
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
        }

        AnswerTally TallyOf(ReferenceAnswers reference, IEngineSession session)
        {
            var tally = new AnswerTally(options);
            foreach (var comparison in reference.Compare(session, cancellationToken))
            {
                tally.Add(comparison);
                progress?.Report(++runs);
            }

            return tally;
        }
    }
}
