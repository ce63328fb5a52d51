using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Families;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Families;

/// <summary>A variant that a client may use, planned.</summary>
/// <param name="Member">What the family says of it.</param>
/// <param name="Model">The model.</param>
/// <param name="Segments">Its segments, of which the whole model has been loaded.</param>
internal sealed record PlannedVariant(FamilyVariant Member, PartitionedModel Model, SegmentSet Segments);

/// <summary>Loads the variants of a family that a client may use.</summary>
internal static class FamilyModels
{
    /// <summary>Plans them and loads each whole, the first one of the family first. The caller owns their segments.</summary>
    /// <param name="path">The file of the family.</param>
    /// <param name="names">The variants that may be used; null for the best that are for this processor.</param>
    /// <param name="plan">How they are planned.</param>
    /// <param name="execution">How they run.</param>
    /// <param name="residency">Keeps their segments.</param>
    /// <param name="warn">Told of a variant that is left out, and why.</param>
    /// <param name="cancellationToken">Ends it between two variants.</param>
    /// <exception cref="FileNotFoundException">There is no family, or a file of it is missing.</exception>
    /// <exception cref="InvalidFamilyException">It is no family, or a file has changed since it was made.</exception>
    /// <exception cref="NoUsableVariantException">The engine loads none of them here.</exception>
    /// <exception cref="ArgumentException">The family does not have a variant of such a name.</exception>
    public static async Task<ImmutableArray<PlannedVariant>> LoadAsync(
        string path, IReadOnlySet<string>? names, PlanOptions plan, ExecutionOptions execution, SegmentResidency residency, Action<string> warn, CancellationToken cancellationToken)
    {
        var family = FamilyFile.Load(path);
        var (loaded, refusals) = (ImmutableArray.CreateBuilder<PlannedVariant>(), new Dictionary<string, string>());
        try
        {
            foreach (var member in Chosen(family, path, names))
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    var model = Plan(path, member, plan, execution);
                    if (loaded.Count > 0 && WhyUnlike(loaded[0].Model.Plan, model.Plan) is { } difference) warn($"Variant '{member.Name}' is left out: {difference}, other than '{loaded[0].Member.Name}'. A request fits one variant as well as another.");
                    else loaded.Add(new(member, model, await LoadWholeAsync(model, execution, residency, cancellationToken).ConfigureAwait(false)));
                }
                catch (Exception refusal) when (refusal is EngineException or SegmentLoadException)
                {
                    refusals[member.Name] = refusal.Message;
                    warn($"Variant '{member.Name}' is left out: it cannot be loaded on this device. {refusal.Message}");
                }
            }

            return loaded.Count > 0 ? loaded.DrainToImmutable() : throw new NoUsableVariantException(path, refusals);
        }
        catch
        {
            foreach (var variant in loaded) variant.Segments.Dispose();
            throw;
        }
    }

    /// <summary>Expected accuracies, by variant: of right classes where all were judged so, else of agreement.</summary>
    public static ImmutableArray<double> Accuracies(ImmutableArray<FamilyVariant> members) =>
        [.. members.All(static member => member.Accuracy is not null) ? members.Select(static member => member.Accuracy!.Value) : members.Select(static member => member.Agreement)];

    /// <summary>What a variant took relative to the first one, on one thread where the family was made; null where one was timed on another processor than it is for.</summary>
    public static double? RelativeSeconds(FamilyVariant member, FamilyVariant main) => member.IsTimedElsewhere || main.IsTimedElsewhere ? null : TimeOf(member) / TimeOf(main);

    private static PartitionedModel Plan(string path, FamilyVariant member, PlanOptions plan, ExecutionOptions execution)
    {
        var model = PartitionedModel.Load(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, member.File), plan, execution);
        return model.Plan.Model == member.Fingerprint ? model : throw new InvalidFamilyException(path, $"'{member.File}' is not the file that it was when variant '{member.Name}' was made");
    }

    private static async ValueTask<SegmentSet> LoadWholeAsync(PartitionedModel model, ExecutionOptions execution, SegmentResidency residency, CancellationToken cancellationToken)
    {
        var segments = residency.Open(new SegmentCompiler(model, execution));
        try
        {
            await segments.PreloadAsync([new(SegmentSide.Head, model.Plan.AllOnDevice.Index)], cancellationToken).ConfigureAwait(false);
            return segments;
        }
        catch
        {
            segments.Dispose();
            throw;
        }
    }

    private static double TimeOf(FamilyVariant member) => member.Times.MinBy(static time => time.Threads)!.Milliseconds;

    private static IEnumerable<FamilyVariant> Chosen(ModelFamily family, string path, IReadOnlySet<string>? names)
    {
        if (names is null)
        {
            var best = family.Variants.Where(static variant => variant.IsParetoOptimal && (variant.Isa is null || variant.Isa == InstructionSets.Here)).ToArray();
            return best.Length > 0 ? best : throw new InvalidFamilyException(path, $"none of its variants is for this processor ({InstructionSets.Here})");
        }

        foreach (var name in names)
            if (family.Variants.All(variant => variant.Name != name))
                throw new ArgumentException($"The family '{path}' has no variant '{name}'. It has {string.Join(", ", family.Variants.Select(static variant => variant.Name))}.", nameof(names));
        return family.Variants.Where(variant => names.Contains(variant.Name));
    }

    // What a request holds and gets must not depend on the variant.
    private static string? WhyUnlike(PartitionPlan main, PartitionPlan other) => WhyUnlike("takes", main.Inputs, other.Inputs) ?? WhyUnlike("yields", main.Outputs, other.Outputs);

    private static string? WhyUnlike(string verb, ImmutableArray<TensorSpec> main, ImmutableArray<TensorSpec> other) =>
        main.Length == other.Length && main.Zip(other).All(static pair => IsLike(pair.First, pair.Second)) ? null : $"it {verb} {string.Join(", ", other)}";

    // Where the first has a fixed size, another may leave it open.
    private static bool IsLike(TensorSpec main, TensorSpec other) => main.Name == other.Name && main.Type == other.Type
        && (!other.IsRanked || (main.IsRanked && main.Dimensions.Length == other.Dimensions.Length && main.Dimensions.Zip(other.Dimensions).All(static pair => !pair.Second.IsFixed || (pair.First.IsFixed && pair.First.Size == pair.Second.Size))));
}
