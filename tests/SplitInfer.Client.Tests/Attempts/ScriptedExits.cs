using System.Collections.Immutable;
using SplitInfer.Client.Device;
using SplitInfer.Exits;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>An exit that is always equally sure, and says which it is.</summary>
/// <param name="Confidence">How sure it is.</param>
/// <param name="Threshold">From what on it answers.</param>
internal readonly record struct ScriptedExit(double Confidence, double Threshold = 0.9);

/// <summary>Exits on the first and the second cut of <see cref="ThreeStages"/>.</summary>
internal static class ScriptedExits
{
    /// <summary>The partition of the second one.</summary>
    public const int Second = 2;

    /// <summary>What a file of exits would promise: one answer in a hundred may be another than the model's.</summary>
    public const double PromisedQuality = 0.99;

    /// <summary>The share of answers that are the model's own if the first exit always answers; the second one has 0.1 more.</summary>
    public const double Agreement = 0.7;

    /// <summary>Makes them.</summary>
    public static DeviceExits Of(params ReadOnlySpan<ScriptedExit> scripted)
    {
        var plan = ThreeStages.Model.Plan;
        var exits = ImmutableArray.CreateBuilder<ModelExit>();
        foreach (var exit in scripted) exits.Add(Make(plan.Partitions[exits.Count + 1], exits.Count + 1, exit));
        return new(new()
        {
            Model = plan.Model, Plan = plan.Fingerprint, Output = plan.Outputs[0].Name, Classes = ThreeStages.Size, Scores = ExitScores.Logits, Exits = exits.ToImmutable(),
            Promise = new() { MaxLoss = 0.01, Confidence = 0.95, Bound = "ClopperPearson", TrainingSamples = 10, CalibrationSamples = 5, ThresholdSamples = 299, Errors = 0, LossHigh = 1 - PromisedQuality, ExitRate = 0.5 },
        }, plan);
    }

    /// <summary>What an exit answers.</summary>
    public static float[] Output(int exit, double confidence) => [.. Enumerable.Range(0, ThreeStages.Size).Select(place => place == exit ? (float)Math.Log((ThreeStages.Size - 1) * confidence / (1 - confidence)) : 0)];

    private static ModelExit Make(SplitInfer.Partitioning.Partition partition, int number, ScriptedExit exit) => new()
    {
        Partition = partition.Index, Temperature = 1, TeachingTemperature = 1, Threshold = exit.Threshold, ExitRate = 0.25, Agreement = Agreement + (0.1 * (number - 1)),
        Features = [new() { Place = 0, Name = partition.Boundary[0].Name, Type = ElementType.Float32, Shape = new(ThreeStages.Size), Pooling = ExitPooling.Flat }],
        Weights = new float[ThreeStages.Size * ThreeStages.Size], Biases = Output(number, exit.Confidence),
    };
}
