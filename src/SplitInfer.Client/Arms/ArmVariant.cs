using System.Collections.Immutable;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>What arms of one model are pruned by.</summary>
/// <param name="Partitions">All its partitions; the last one runs everything on the device.</param>
/// <param name="Accuracy">Its expected accuracy, 0 to 1; 1 where there is only one model.</param>
/// <param name="RelativeSeconds">What the whole model took where the family was made, relative to the main variant; null where only its work is known.</param>
internal record ArmVariant(ImmutableArray<Partition> Partitions, double Accuracy = 1, double? RelativeSeconds = null);

/// <summary>A model that arms are made of.</summary>
/// <param name="Plan">All its partitions.</param>
internal sealed record PlannedArmVariant(PartitionPlan Plan, double Accuracy = 1, double? RelativeSeconds = null) : ArmVariant(Plan.Partitions, Accuracy, RelativeSeconds)
{
    /// <summary>Whether a family says what it is worth, also where it is the only one of the family.</summary>
    public bool IsOfFamily { get; init; }

    /// <summary>How its exits may answer; none unless it has some.</summary>
    public ImmutableArray<ArmExit> Exits { get; init; } = [];

    /// <summary>The setting by which the exit on a partition answers where it is sure; null where there is none.</summary>
    /// <param name="partition">The partition.</param>
    public ArmExit? ExitOn(int partition) => Exits.FirstOrDefault(exit => exit.Partition == partition && !exit.IsForced);
}
