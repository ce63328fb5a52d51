using System.Collections.Immutable;
using System.Text.Json.Serialization;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Split;

/// <summary>A value that a file takes or yields.</summary>
/// <param name="Name">Its name in the files.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its dimensions for the sizes that the plan was made with; empty where they are unknown.</param>
internal sealed record SplitValue(string Name, string Type, ImmutableArray<long> Shape)
{
    /// <summary>The dimensions as the model declares them, where some are symbolic.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Dimensions { get; init; }

    /// <summary>Bytes, where the value crosses the cut.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    /// <summary>Who has it: <c>head</c>, <c>tail</c>, or <c>input</c> for an input of the model as it is. Of values that cross and of outputs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }
}

/// <summary>One of the two files.</summary>
/// <param name="File">Its name.</param>
/// <param name="Inputs">What it takes, in order.</param>
/// <param name="Outputs">What it yields, in order.</param>
internal sealed record SplitFile(string File, IReadOnlyList<SplitValue> Inputs, IReadOnlyList<SplitValue> Outputs)
{
    /// <summary>A file of weights that belongs to it, where they are too large for one file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Data { get; init; }
}

/// <summary>What there is to know of two files that a model was cut into.</summary>
/// <param name="Model">The model's file.</param>
/// <param name="Fingerprint">SHA-256 of it, with its external data where it has any.</param>
/// <param name="Partition">Where it was cut.</param>
/// <param name="Head">The head; null where it computes nothing.</param>
/// <param name="Tail">The tail; null where it computes nothing.</param>
/// <param name="Boundary">The values that cross, in the order in which the tail takes them.</param>
/// <param name="Outputs">The outputs of the model, in its order.</param>
/// <param name="Missing">Outputs of the model that neither file yields, since they cannot cross a cut; empty for most models.</param>
internal sealed record SplitNote(
    string Model, string Fingerprint, int Partition, SplitFile? Head, SplitFile? Tail, IReadOnlyList<SplitValue> Boundary, IReadOnlyList<SplitValue> Outputs, IReadOnlyList<string> Missing)
{
    private const string FromHead = "head", FromTail = "tail", FromInput = "input";

    /// <summary>Describes what was written.</summary>
    public static SplitNote Of(PartitionedModel model, Partition partition, SegmentFile? head, SegmentFile? tail)
    {
        var made = (head?.Outputs ?? []).Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        var ended = (tail?.Outputs ?? []).Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        return new(
            model.Source, model.Plan.Model.ToString(), partition.Index, Describe(head), Describe(tail),
            [.. partition.Boundary.Select(value => Of(value) with { Bytes = model.BytesOf(value.Name), From = made.Contains(value.Name) ? FromHead : FromInput })],
            [.. model.Plan.Outputs.Select(value => Of(value) with { From = ended.Contains(value.Name) ? FromTail : made.Contains(value.Name) ? FromHead : FromInput })],
            model.Plan.DeviceOutputs);

        SplitFile? Describe(SegmentFile? file) => file is null ? null : new(Path.GetFileName(file.Path), [.. file.Inputs.Select(Of)], [.. file.Outputs.Select(Of)])
        {
            Data = Path.GetFileName(file.DataPath),
        };

        SplitValue Of(TensorSpec value) => new(value.Name, value.Type.DisplayName(), model.ShapeOf(value.Name) ?? [])
        {
            Dimensions = value.IsStatic || !value.IsRanked ? null : [.. value.Dimensions.Select(static d => d.ToString())],
        };
    }
}
