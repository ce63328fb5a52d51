using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using SplitInfer.Execution;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// Makes a family of one model: variants that meet targets of time, size and agreement. All targets share what is made: samples are gone through once for ranges, the model's own
/// answers are computed once, and each variant is made and measured once. Those that are delivered are timed once more, in turn, before anything is promised of them.
/// </summary>
public static class ModelTailor
{
    // Times of another moment can change which variants are wanted, and those have to be timed too.
    private const int MostTimings = 3;

    /// <summary>Makes a family and writes it to a folder: the models, and <c>family.json</c>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">Its inputs, as its plan states them.</param>
    /// <param name="targets">What is asked for; none delivers every variant that no other one is better than.</param>
    /// <param name="samples">Samples of the inputs, without labels. Ranges are taken from some, and variants judged by the others.</param>
    /// <param name="folder">Where the family is written; made where it is not there. An earlier family is replaced once the new one is complete; no other file is written over.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    /// <param name="progress">Is told what is being done; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work. Nothing is written then.</param>
    /// <exception cref="ArgumentException">An option is invalid, or there are no samples.</exception>
    /// <exception cref="InvalidTargetException">A target means nothing, or cannot be promised by this machine.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static ModelFamily CreateSuite(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, IReadOnlyList<TailoringTarget> targets, ISampleSource samples, string folder, TailoringOptions? options = null,
        IProgress<TailoringProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new();
        options.Validate();
        Check(model, targets, samples, options);
        using var written = new FamilyFolder(folder);
        using var workshop = new VariantWorkshop(model, inputs, targets, samples, options, progress, cancellationToken);
        var wanted = Make(workshop, targets, options);
        var pareto = ParetoFront.Of(wanted, options.Threads);
        var family = new ModelFamily
        {
            Model = ShownText.Of(Path.GetFileName(model.Source)),
            Fingerprint = model.Fingerprint,
            ModelBytes = ModelSessions.BytesOf(model),
            Samples = workshop.Samples.Judging.Count,
            SharesSamples = !workshop.Samples.AreApart,
            Machine = $"{RuntimeInformation.OSDescription}, {InstructionSets.Here}, {Environment.ProcessorCount} cores",
            Variants = [.. wanted.OrderByDescending(static c => c.Score.Agreement).ThenByDescending(static c => c.Bytes.Length).Select(candidate => candidate.ToVariant(FileOf(model, candidate), pareto.Contains(candidate)))],
            Targets = [.. targets.Select(target => Answer(wanted, workshop.Candidates, target, options))],
            NotMade = [.. workshop.Refusals.Concat(workshop.Candidates.Where(c => c.IsUseless && !wanted.Contains(c)).Select(Uselessness)).Select(ShownText.Of)],
        };
        return written.Write(family, wanted.ToDictionary(candidate => FileOf(model, candidate), static candidate => candidate.Bytes));
    }

    /// <summary>
    /// Makes variants until every target is met or nothing is left to be made, and times those that are wanted together. Targets are taken from the loosest on, so that whatever
    /// was made for one is there for those that are stricter.
    /// </summary>
    /// <returns>The variants that are delivered: those that targets are met by, and those that no other one beats.</returns>
    private static Candidate[] Make(VariantWorkshop workshop, IReadOnlyList<TailoringTarget> targets, TailoringOptions options)
    {
        var ordered = targets.OrderBy(target => targets.Count(other => target.IsAtLeastAsStrictAs(other))).ToArray();
        if (targets.Count == 0) workshop.MakeFirst(InstructionSets.Here);
        for (var timing = 0; timing < MostTimings; timing++)
        {
            foreach (var target in ordered)
            {
                var isa = target.Isa ?? InstructionSets.Here;
                workshop.MakeFirst(isa);
                while (Best(workshop.Candidates, target, options) is null && workshop.MakeNext(isa, target)) { }
            }

            var pareto = ParetoFront.Of(workshop.Candidates, options.Threads);
            var met = ordered.Select(target => Best(workshop.Candidates, target, options)?.Name).OfType<string>().ToHashSet(StringComparer.Ordinal);
            Candidate[] wanted = [.. workshop.Candidates.Where(c => pareto.Contains(c) || met.Contains(c.Name))];
            if (wanted.All(static c => c.IsTimedTogether)) return wanted;
            workshop.TimeTogether([.. workshop.Candidates.Where(c => c.IsTimedTogether || wanted.Contains(c))]);
        }

        return [.. workshop.Candidates.Where(static c => c.IsTimedTogether)];
    }

    private static FamilyTarget Answer(IReadOnlyCollection<Candidate> delivered, IEnumerable<Candidate> all, TailoringTarget target, TailoringOptions options) =>
        Best(delivered, target, options) is { } best ? new(target.Name, best.Name, null) : new(target.Name, null, NearestVariant.Describe(all, target, options.PromiseConfidence));

    private static string Uselessness(Candidate candidate) => $"{candidate.Name}: {candidate.Score.Agreeing} of {candidate.Score.Samples} answers agree, so it is of no use and left out";

    private static Candidate? Best(IEnumerable<Candidate> candidates, TailoringTarget target, TailoringOptions options) =>
        candidates.Where(c => c.Meets(target, options.PromiseConfidence)).OrderByDescending(c => c.Agreement(options.PromiseConfidence)).ThenBy(c => c.Times[target.Threads].Relative).FirstOrDefault();

    /// <summary>
    /// Collects what a family needs to know of samples in order to choose ranges, such as on a device that the samples do not leave. It is bound to the model, adds up, and is what
    /// <see cref="TailoringOptions.Statistics"/> takes; <see cref="StatisticsFile"/> keeps it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">Its inputs, as its plan states them.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="execution">How the model is run; null for the defaults.</param>
    /// <param name="progress">Receives the number of samples that were run; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="TransformationRefusedException">The model has no normal form, so that nothing is made of ranges.</exception>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static SampleStatistics Collect(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, ExecutionOptions? execution = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(samples);
        var normal = new Normalization(execution).Apply(model, cancellationToken).Model;
        return StatisticsCollector.Collect(normal, inputs, samples, execution, progress, cancellationToken).Of(model.Fingerprint);
    }

    private static void Check(OnnxModel model, IReadOnlyList<TailoringTarget> targets, ISampleSource samples, TailoringOptions options)
    {
        if (samples.Count < 1) throw new ArgumentException("There are no samples; give at least one.", nameof(samples));
        if (options.Labels is { } labels && labels.Count != samples.Count) throw new ArgumentException($"{nameof(TailoringOptions.Labels)} has {labels.Count} classes for {samples.Count} samples; give one for each.", nameof(options));
        if (options.Statistics is { } statistics && statistics.Model != model.Fingerprint) throw new ArgumentException($"{nameof(TailoringOptions.Statistics)} is of the model {statistics.Model}, not of {model.Fingerprint}. Collect it again with this model.", nameof(options));
        foreach (var target in targets)
        {
            target.Validate();
            if (target is { MaxMs: not null, Isa: { } isa } && isa != InstructionSets.Here)
                throw new InvalidTargetException($"Target '{target.Name}' asks for a time on {isa}, and this machine is {InstructionSets.Here}: a time is promised only where it was measured. Tailor on such a machine, or leave maxMs out.");
        }

        if (targets.GroupBy(static t => t.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1) is { } twice) throw new InvalidTargetException($"Two targets are named '{twice.Key}'; give each a name of its own.");
    }

    private static string FileOf(OnnxModel model, Candidate candidate) => string.Create(CultureInfo.InvariantCulture, $"{ShownText.OfFile(Path.GetFileNameWithoutExtension(model.Source))}.{candidate.Name}.onnx");
}
