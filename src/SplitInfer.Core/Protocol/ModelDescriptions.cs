using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.Collections;
using SplitInfer.Partitioning;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>Describes a model to a client that has no copy of it: its inputs, its outputs, and what crosses where the server runs all of it.</summary>
internal static class ModelDescriptions
{
    /// <summary>Why the only other partition of a described plan cannot be used.</summary>
    public const string NoCopy = "the model is only on the server; give the client the file to run anything on the device";

    // ONNX Runtime takes no tensor with more axes than this, and no model for people has as many values.
    private const int MaxRank = 64, MaxValues = 4096;
    private const ulong MaxElements = 1UL << 40;

    /// <summary>What a server says of a model.</summary>
    public static ModelDescription Of(PartitionPlan plan)
    {
        var inputs = plan.Inputs.Select(static input => input.Name).ToList();
        return new()
        {
            ModelFingerprint = ByteString.CopyFrom(plan.Model.Bytes),
            PlanFingerprint = ByteString.CopyFrom(plan.Fingerprint.Bytes),
            Inputs = { plan.Inputs.Select(Describe) },
            Boundary = { plan.AllOnServer.Boundary.Select(value => (uint)inputs.IndexOf(value.Name)) },
            TailOutputs = { plan.AllOnServer.TailOutputs.Select(Describe) },
            Outputs = { plan.Outputs.Select(Describe) },
            DeviceOutputs = { plan.DeviceOutputs },
        };
    }

    /// <summary>The plan that a description makes: partition 0, which runs everything on the server, and one that cannot be used.</summary>
    /// <exception cref="ProtocolException">It is not the description of a model.</exception>
    public static PartitionPlan Read(ModelDescription description)
    {
        Require(description.ModelFingerprint.Length == Fingerprint.Size && description.PlanFingerprint.Length == Fingerprint.Size, "its fingerprints have another size");
        var (inputs, tailOutputs, outputs) = (Read(description.Inputs), Read(description.TailOutputs), Read(description.Outputs));
        Require(description.Boundary.Count <= MaxValues && description.DeviceOutputs.Count <= MaxValues, "it has too many values");
        Require(description.Boundary.All(index => index < inputs.Length), "a value that crosses is none of its inputs");
        Require(description.Boundary.Distinct().Count() == description.Boundary.Count, "an input crosses twice");
        ImmutableArray<TensorSpec> boundary = [.. description.Boundary.Select(index => inputs[(int)index])];
        var made = tailOutputs.Concat(inputs).DistinctBy(static value => value.Name, StringComparer.Ordinal).ToDictionary(static value => value.Name, static value => value.Type, StringComparer.Ordinal);
        Require(outputs.All(output => made.ContainsKey(output.Name)), "an output is made nowhere");
        Require(outputs.All(output => made[output.Name] == output.Type), "an output is made with another type than it has");
        Require(description.DeviceOutputs.All(PeerText.IsPlain), "a name has control characters");
        var whole = Partition(0, boundary, tailOutputs, inadmissibleReason: null);
        return new()
        {
            Model = new(description.ModelFingerprint.Span),
            Fingerprint = new(description.PlanFingerprint.Span),
            Inputs = inputs,
            Outputs = outputs,
            DeviceOutputs = [.. description.DeviceOutputs],
            Partitions = [whole, Partition(1, [], [], NoCopy)],
            Arms = [whole],
            MeasureFailure = null,
        };
    }

    private static Partition Partition(int index, ImmutableArray<TensorSpec> boundary, ImmutableArray<TensorSpec> tailOutputs, string? inadmissibleReason) => new()
    {
        Index = index,
        Boundary = boundary,
        TailOutputs = tailOutputs,
        BoundaryBytes = 0,
        Head = default,
        Tail = default,
        InadmissibleReason = inadmissibleReason,
        IsPossible = inadmissibleReason is null,
        IsArm = inadmissibleReason is null,
    };

    private static ValueDescription Describe(TensorSpec value) => new()
    {
        Name = value.Name,
        Type = (uint)value.Type,
        IsUnranked = !value.IsRanked,
        Dimensions = { value.Dimensions.Select(static dimension => dimension.Symbol is { } symbol ? new DimensionDescription { Symbol = symbol } : new DimensionDescription { Size = (ulong)dimension.Size }) },
    };

    private static ImmutableArray<TensorSpec> Read(RepeatedField<ValueDescription> values)
    {
        Require(values.Count <= MaxValues, "it has too many values");
        Require(values.Select(static value => value.Name).Distinct(StringComparer.Ordinal).Count() == values.Count, "two of its values have one name");
        return [.. values.Select(Read)];
    }

    private static TensorSpec Read(ValueDescription value)
    {
        var type = (ElementType)value.Type;
        Require(value.Name.Length > 0, "a value has no name");
        // Names are printed, where some characters could forge a line or move a cursor.
        Require(PeerText.IsPlain(value.Name) && value.Dimensions.All(static dimension => PeerText.IsPlain(dimension.Symbol)), "a name has control characters");
        Require(Enum.IsDefined(type) && type != ElementType.Undefined, "a value has no type");
        Require(value.Dimensions.Count <= MaxRank && IsPossible(value.Dimensions), "a value has no possible shape");
        return value.IsUnranked
            ? TensorSpec.Unranked(value.Name, type)
            : new(value.Name, type, [.. value.Dimensions.Select(static d => d.Symbol.Length > 0 ? Dimension.Symbolic(d.Symbol) : Dimension.Fixed((long)d.Size))]);
    }

    private static bool IsPossible(RepeatedField<DimensionDescription> dimensions)
    {
        var elements = UInt128.One;
        foreach (var dimension in dimensions)
            if (dimension.Symbol.Length == 0 && (dimension.Size > MaxElements || (elements *= Math.Max(dimension.Size, 1)) > MaxElements)) return false;
        return true;
    }

    private static void Require(bool isRight, string wrong)
    {
        if (!isRight) throw ProtocolException.Violation($"the server describes a model badly: {wrong}");
    }
}
