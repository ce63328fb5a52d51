using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>The cuts that exits are tried at.</summary>
internal static class ExitCandidates
{
    // Of so many equal parts of the computation, each has one candidate.
    private const int Parts = 8;

    /// <summary>The cuts that are named, or, in every part of the model's computation, the cut with the smallest boundary.</summary>
    /// <exception cref="ExitsRefusedException">A cut that is named can have no exit, or there is none to put one on.</exception>
    public static (Partition Partition, ImmutableArray<ExitFeatures> Features)[] Of(PartitionedModel model, ExitOptions options)
    {
        var plan = model.Plan;
        if (options.Partitions is { } named) return [.. named.Distinct().Order().Select(index => Named(model, index, options))];
        var total = plan.AllOnDevice.Head.Macs;
        var candidates = plan.Partitions.Where(cut => cut.IsAdmissible && cut.TailOutputs.Length == 1 && cut.Tail.Macs >= options.MinGain * total)
            .GroupBy(cut => Math.Min(Parts - 1, (int)(cut.Head.Macs / total * Parts)))
            .Select(part => part.OrderBy(static cut => cut.BoundaryBytes).Select(cut => (cut, FeaturesOf(model, cut, options))).FirstOrDefault(static pair => !pair.Item2.IsEmpty))
            .Where(static pair => pair.cut is not null).ToArray();
        return candidates.Length > 0 ? candidates : throw new ExitsRefusedException($"{model.Source}: at no cut is there anything that an exit could read in {options.MaxFeatures} features, with enough of the model behind it to be worth skipping. Allow more with {nameof(ExitOptions)}.{nameof(ExitOptions.MaxFeatures)}, or look at the cuts with 'splitinfer inspect'.");
    }

    private static (Partition Partition, ImmutableArray<ExitFeatures> Features) Named(PartitionedModel model, int index, ExitOptions options)
    {
        var plan = model.Plan;
        if (index < 0 || index >= plan.Partitions.Length) throw new ExitsRefusedException($"There is no cut {index}; the model has 0 to {plan.AllOnDevice.Index}. 'splitinfer inspect' lists them.");
        var partition = plan.Partitions[index];
        if (partition.InadmissibleReason is { } reason) throw new ExitsRefusedException($"Cut {index} cannot be made: {reason}. Name another one.");
        if (partition.TailOutputs.Length != 1) throw new ExitsRefusedException($"At cut {index} the model has its answer already. Name an earlier one.");
        var features = FeaturesOf(model, partition, options);
        return features.IsEmpty ? throw new ExitsRefusedException($"Nothing that crosses at cut {index} can be read in {options.MaxFeatures} features ({string.Join(", ", partition.Boundary)}). Name another one, or allow more with {nameof(ExitOptions)}.{nameof(ExitOptions.MaxFeatures)}.") : (partition, features);
    }

    private static ImmutableArray<ExitFeatures> FeaturesOf(PartitionedModel model, Partition partition, ExitOptions options) =>
        FeatureChoice.Of(partition, name => model.ShapeOf(name) is { } sizes && sizes.All(static size => size > 0) ? new TensorShape(sizes.AsSpan()) : null, options.MaxFeatures);
}
