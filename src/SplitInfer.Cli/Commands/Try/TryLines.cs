using System.Text.Json.Serialization;

namespace SplitInfer.Cli.Commands.Try;

/// <summary>What one way of running the model cost.</summary>
internal sealed record ContenderLine(string Contender, string Policy, int Frames, double MeanMs, double P50Ms, double P95Ms, double DeviceShare, double SplitShare, double ServerShare, long BytesSent)
{
    /// <summary>The codec of a picture that it sends; null where it sends no picture.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Codec { get; init; }

    /// <summary>Where it sends a picture: whether the largest element of the first output was that of the device in all frames; null where the model is no classifier.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? SameClass { get; init; }
}

/// <summary>The end of a trial.</summary>
/// <param name="Model">The file.</param>
/// <param name="SlowDevice">How many times as long the device was made to take.</param>
/// <param name="Mbps">The link in megabits a second; null where it was left as it is.</param>
/// <param name="Partition">The partition that the policy took most often.</param>
/// <param name="PolicyMs">Mean with the policy.</param>
/// <param name="DeviceMs">Mean with all on the device.</param>
/// <param name="ServerMs">Mean with all on the server.</param>
/// <param name="SameClass">Whether the largest element of the first output was the same in all frames; null where the model is no classifier.</param>
/// <param name="MaxAbsDiff">The largest difference of an element of an output from that of the device alone.</param>
/// <param name="Summary">The same in a sentence.</param>
internal sealed record TrialLine(
    string Model, double SlowDevice, double? Mbps, int Partition, double PolicyMs, double DeviceMs, double ServerMs, bool? SameClass, double MaxAbsDiff, string Summary);
