using System.Collections.Immutable;
using SplitInfer.Partitioning;

namespace SplitInfer.Exits;

/// <summary>One exit: a linear head on a cut, and how sure it has to be to answer. Immutable.</summary>
public sealed record ModelExit
{
    /// <summary>The partition on whose boundary the exit stands: the head of the model up to there is all that has run.</summary>
    public required int Partition { get; init; }

    /// <summary>What is read of the boundary, in the order of the features; at least one value.</summary>
    public required ImmutableArray<ExitFeatures> Features { get; init; }

    /// <summary>A row of weights for each class, with a weight for each feature.</summary>
    public required ReadOnlyMemory<float> Weights { get; init; }

    /// <summary>A bias for each class.</summary>
    public required ReadOnlyMemory<float> Biases { get; init; }

    /// <summary>What scores are divided by, so that the largest probability is the chance of the model's own answer.</summary>
    public required double Temperature { get; init; }

    /// <summary>What the logits of the model were divided by, before the exit was taught the probabilities that follow from them.</summary>
    public required double TeachingTemperature { get; init; }

    /// <summary>The confidence from which on the exit answers, 0 to 1.</summary>
    public required double Threshold { get; init; }

    /// <summary>The share of the samples of <see cref="ExitPromise.ThresholdSamples"/> that answer here, where all exits are used and none before did.</summary>
    public required double ExitRate { get; init; }

    /// <summary>The share of those samples to which the exit would give the model's answer, were all to leave here.</summary>
    public required double Agreement { get; init; }

    /// <summary>Number of features.</summary>
    public int FeatureCount => Features.Sum(static value => value.Count);

    /// <summary>Whether the values that are read cross the cut, as they were, and the model's output is not there yet.</summary>
    internal bool FitsBoundary(Partition partition) =>
        partition.Index == Partition && partition.IsAdmissible && partition.TailOutputs.Length == 1 && Features.All(value => value.Place < partition.Boundary.Length && partition.Boundary[value.Place] is var spec && spec.Name == value.Name && spec.Accepts(value.Type, value.Shape));
}
