using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// Makes a family of one model: variants that meet targets of time, size and agreement. One pass over the samples serves all targets; each variant is made once,
/// from the strictest one that all of its targets are stricter than, and measured on this machine before anything is promised of it.
/// </summary>
public static class ModelTailor
{
    /// <summary>Makes a family and writes it to a folder: the models, and <c>family.json</c>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">Its inputs, as its plan states them.</param>
    /// <param name="targets">What is asked for; none delivers every variant that no other one is better than.</param>
    /// <param name="samples">Samples of the inputs, without labels. Ranges are taken from some, and variants judged by the others.</param>
    /// <param name="folder">Where the family is written; made where it is not there. Files of an earlier family of the same names are replaced.</param>
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
        Check(targets, samples, options);
        var workshop = new VariantWorkshop(model, inputs, samples, [.. targets.Select(static t => t.Threads).Append(1).Distinct().Order()], options, progress, cancellationToken);
        var answers = Satisfy(workshop, targets, options.PromiseConfidence);
        var pareto = ParetoFront.Of(workshop.Candidates);
        var wanted = workshop.Candidates.Where(c => pareto.Contains(c) || answers.Any(a => a.Variant == c.Name)).OrderByDescending(static c => c.Score.Agreement).ThenByDescending(static c => c.Bytes.Length).ToArray();
        Directory.CreateDirectory(folder);
        var family = new ModelFamily
        {
            Model = Path.GetFileName(model.Source),
            Fingerprint = model.Fingerprint,
            Samples = workshop.JudgingSamples,
            Machine = $"{RuntimeInformation.OSDescription}, {InstructionSet.Here}, {Environment.ProcessorCount} cores",
            Variants = [.. wanted.Select(candidate => candidate.ToVariant(FileOf(model, candidate), pareto.Contains(candidate)))],
            Targets = answers,
            NotMade = [.. workshop.Refusals],
        };
        foreach (var candidate in wanted) Write(Path.Combine(folder, FileOf(model, candidate)), candidate.Bytes.Span);
        FamilyFile.Save(Path.Combine(folder, FamilyFile.Name), family);
        return family;
    }

    private static void Check(IReadOnlyList<TailoringTarget> targets, ISampleSource samples, TailoringOptions options)
    {
        if (samples.Count < 1) throw new ArgumentException("There are no samples; give at least one.", nameof(samples));
        if (options.Labels is { } labels && labels.Count != samples.Count) throw new ArgumentException($"{nameof(TailoringOptions.Labels)} has {labels.Count} classes for {samples.Count} samples; give one for each.", nameof(options));
        foreach (var target in targets)
        {
            target.Validate();
            if (target is { MaxMs: not null, Isa: { } isa } && isa != InstructionSet.Here)
                throw new InvalidTargetException($"Target '{target.Name}' asks for a time on {isa}, and this machine is {InstructionSet.Here}: a time is promised only where it was measured. Tailor on such a machine, or leave maxMs out.");
        }

        if (targets.GroupBy(static t => t.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1) is { } twice) throw new InvalidTargetException($"Two targets are named '{twice.Key}'.");
    }

    /// <summary>Takes the targets from the loosest on, so that whatever was made for one is there for those that are stricter.</summary>
    private static ImmutableArray<FamilyTarget> Satisfy(VariantWorkshop workshop, IReadOnlyList<TailoringTarget> targets, double confidence)
    {
        var answers = new Dictionary<TailoringTarget, FamilyTarget>();
        foreach (var target in targets.OrderBy(target => targets.Count(other => target.IsAtLeastAsStrictAs(other))))
        {
            var isa = target.Isa ?? InstructionSet.Here;
            workshop.MakeFirst(isa);
            while (Best(workshop, target, confidence) is null && workshop.MakeNext(isa, target)) { }
            answers[target] = Best(workshop, target, confidence) is { } best ? new(target.Name, best.Name, null) : new(target.Name, null, NearestVariant.Describe(workshop.Candidates, target, confidence));
        }

        if (targets.Count == 0) workshop.MakeFirst(InstructionSet.Here);
        return [.. targets.Select(target => answers[target])];
    }

    private static Candidate? Best(VariantWorkshop workshop, TailoringTarget target, double confidence) =>
        workshop.Candidates.Where(c => c.Meets(target, confidence)).OrderByDescending(c => c.Agreement(confidence)).ThenBy(c => c.Times[target.Threads].Median).FirstOrDefault();

    private static string FileOf(OnnxModel model, Candidate candidate) => string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(model.Source)}.{candidate.Name}.onnx");

    private static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = path + ".new";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, path, overwrite: true);
    }
}

/// <summary>What is being done for a family.</summary>
/// <param name="What">What it is, in words for people.</param>
/// <param name="Done">Steps of it that have ended.</param>
/// <param name="Steps">Of how many.</param>
public readonly record struct TailoringProgress(string What, int Done, int Steps);
