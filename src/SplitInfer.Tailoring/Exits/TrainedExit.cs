using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Tailoring.Exits;

/// <summary>An exit before it has a threshold: its head, and what that answers to every sample.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Features">What it reads.</param>
/// <param name="Head">The head, over features as they are.</param>
/// <param name="Temperature">What its scores are divided by.</param>
/// <param name="TeachingTemperature">What the model's logits were divided by to teach it.</param>
/// <param name="Confidences">How sure it is of its answer, for each sample.</param>
/// <param name="IsAgreeing">Whether that is the model's answer.</param>
internal sealed record TrainedExit(Partition Partition, ImmutableArray<ExitFeatures> Features, LinearHead Head, double Temperature, double TeachingTemperature, double[] Confidences, bool[] IsAgreeing)
{
    /// <summary>Multiply-accumulates that have been done once it has answered.</summary>
    public double Macs => Partition.Head.Macs + Head.Weights.Length;

    /// <summary>The exit with a threshold.</summary>
    public ModelExit At(double threshold) => new()
    {
        Partition = Partition.Index, Features = Features, Weights = Head.Weights, Biases = Head.Biases, Temperature = Temperature, TeachingTemperature = TeachingTemperature, Threshold = threshold, ExitRate = 0, Agreement = 0,
    };
}
