using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;

namespace SplitInfer.Exits;

/// <summary>The exits of one model, as their file holds them: early answers at some of its cuts, and what they cost in right answers at most. Immutable.</summary>
public sealed record ModelExits
{
    /// <summary>SHA-256 of the model.</summary>
    public required Fingerprint Model { get; init; }

    /// <summary>SHA-256 of the plan to which the numbers of the partitions belong.</summary>
    public required Fingerprint Plan { get; init; }

    /// <summary>The output of the model that an exit answers in place of.</summary>
    public required string Output { get; init; }

    /// <summary>How many classes that output has a score for.</summary>
    public required int Classes { get; init; }

    /// <summary>What these scores are.</summary>
    public required ExitScores Scores { get; init; }

    /// <summary>What holds for all exits together.</summary>
    public required ExitPromise Promise { get; init; }

    /// <summary>The exits by rising partition; at least one.</summary>
    public required ImmutableArray<ModelExit> Exits { get; init; }

    /// <summary>What the exits answered to the samples that set the threshold; null in files of earlier releases.</summary>
    public RecordedAnswers? Answers { get; init; }

    /// <summary>The exit of a partition; null if it has none.</summary>
    /// <param name="partition">Index of the partition.</param>
    public ModelExit? Find(int partition) => Exits.FirstOrDefault(exit => exit.Partition == partition);

    /// <summary>Refuses exits of another model, or of a plan whose cuts are others.</summary>
    /// <param name="plan">The plan to use them with.</param>
    /// <exception cref="InvalidExitsException">They are not of this plan.</exception>
    public void RequireFor(PartitionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Model != plan.Model) throw new InvalidExitsException($"The exits are of the model {Model}, not of {plan.Model}. Make those of this model with 'splitinfer exits add', or name its own file.");
        if (Plan != plan.Fingerprint) throw new InvalidExitsException("The exits were made with another plan of the same model, by another release of SplitInfer or of ONNX Runtime, or with other options. Make them again with 'splitinfer exits add'.");
        if (plan.Outputs is not [{ Name: var output }] || output != Output) throw new InvalidExitsException($"The exits answer in place of the output '{Output}', which is not the only one of the model. Make them again with 'splitinfer exits add'.");
        if (!FloatingPoint.Is(plan.Outputs[0].Type) || plan.Outputs[0] is { IsRanked: true, Dimensions.IsEmpty: true }) throw new InvalidExitsException($"The model's output {plan.Outputs[0]} holds no scores that an exit could give in its place. Use exits with a classifier whose output has floating-point scores.");
        foreach (var exit in Exits)
        {
            if (exit.Partition < plan.Partitions.Length && plan.Partitions[exit.Partition].InadmissibleReason is { } reason) throw new InvalidExitsException($"The exit of partition {exit.Partition} stands where the model cannot be cut: {reason.TrimEnd('.')}. Make the exits again with 'splitinfer exits add', or allow the partition.");
            if (exit.Partition >= plan.Partitions.Length || !exit.FitsBoundary(plan.Partitions[exit.Partition])) throw new InvalidExitsException($"The exit of partition {exit.Partition} reads values that do not cross there. Make the exits again with 'splitinfer exits add'.");
        }
    }
}

/// <summary>What the scores of a classifier are, and with them those that an exit gives in their place.</summary>
public enum ExitScores
{
    /// <summary>Numbers whose softmax are the probabilities.</summary>
    Logits,

    /// <summary>Probabilities, which add up to 1.</summary>
    Probabilities,
}
