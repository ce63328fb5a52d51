using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SplitInfer.Cli.Commands.Inspect;

/// <summary>One value that crosses a cut.</summary>
internal sealed record BoundaryLine(string Name, string Type, ImmutableArray<long> Shape, double Bytes)
{
    /// <summary>The dimensions as the model declares them, where some are symbolic; the shape then is that of the plan's sizes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Dimensions { get; init; }
}

/// <summary>One partition of a plan.</summary>
internal sealed record PartitionLine(
    int Partition, IReadOnlyList<BoundaryLine> Boundary, long BoundaryBytes, double HeadMacs, double TailMacs, bool Admissible, bool Arm, string? Reason)
{
    /// <summary>With a calibration: the codecs with which the cut can win.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Codecs { get; init; }
}

/// <summary>The end of a plan.</summary>
/// <param name="Model">The file.</param>
/// <param name="Fingerprint">SHA-256 of the file, with its external data where it has any.</param>
/// <param name="Nodes">Compute nodes.</param>
/// <param name="Partitions">Cuts, admissible or not.</param>
/// <param name="Arms">Cuts that can win.</param>
/// <param name="Plan">SHA-256 of what both ends must agree on.</param>
internal sealed record PlanLine(string Model, string Fingerprint, int Nodes, int Partitions, int Arms, string Plan);
