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
            var answers = sessions.Select(session => AnswersOf(session)).ToArray();
            var expected = answers[0];
            if (against is not null)
            {
                using var other = ModelSessions.Load(against, options.Execution);
                expected = AnswersOf(other);
            }

            var first = samples.Read(0, inputs);
            var times = SessionTiming.Of(sessions, session => SampleRuns.InOrder(session, first, inputs), options, cancellationToken);
            foreach (var tensor in first) tensor.Dispose();
            return [.. models.Select((model, place) => Score(model, answers[place], expected, times[place], samples.Count, options))];
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
        }

        Answers AnswersOf(IEngineSession session) => Answers.Of(session, SampleRuns.Of(session, samples, inputs), () => progress?.Report(++runs), cancellationToken);
    }

    private static ModelScore Score(OnnxModel model, Answers answers, Answers expected, RunTime time, int samples, EvaluationOptions options)
    {
        var all = Enumerable.Range(0, samples).ToArray();
        double[] cosines = [.. all.Select(sample => answers.Cosine(sample, expected))];
        var byClass = options.Agreement switch
        {
            AgreementKind.Classes => true,
            AgreementKind.Outputs => false,
            _ => options.Labels is not null || (answers.IsClassifier && expected.IsClassifier),
        };
        return new()
        {
            Model = model.Source,
            Samples = samples,
            Right = options.Labels is { } labels ? all.Count(sample => answers.ClassOf(sample) == labels[sample]) : null,
            Agreeing = all.Count(sample => byClass ? answers.ClassOf(sample) == expected.ClassOf(sample) : answers.Likeness(sample, expected) >= options.AgreeingLikeness),
            Cosine = cosines.Average(),
            Seconds = time.Median,
            UpperSeconds = time.UpperQuartile,
            Bytes = ModelSessions.BytesOf(model),
        };
    }
}
