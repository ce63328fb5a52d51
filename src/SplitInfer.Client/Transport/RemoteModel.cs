using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>A model that a client wants from servers. Immutable.</summary>
/// <param name="name">Its name; empty leaves the choice to its fingerprint.</param>
/// <param name="version">Its version; empty asks for the latest.</param>
/// <param name="plan">The client's plan of it.</param>
internal sealed class RemoteModel(string name, string version, PartitionPlan plan)
{
    /// <summary>How the plan's boundaries are laid out.</summary>
    public PlanLayouts Layouts { get; } = new(plan);

    /// <summary>What opens it, by name and by fingerprints, so that a server that has replaced it does not give another one.</summary>
    public OpenModel Message { get; } = new()
    {
        Model = name,
        Version = version,
        ModelFingerprint = ByteString.CopyFrom(plan.Model.Bytes),
        PlanFingerprint = ByteString.CopyFrom(plan.Fingerprint.Bytes),
        PlanSketch = ByteString.CopyFrom(plan.Sketch),
    };

    /// <summary>Seconds that each tail takes, as a server that has opened the model says; empty where it does not.</summary>
    /// <exception cref="ProtocolException">It tells of partitions that the plan does not have.</exception>
    public ImmutableArray<double> ReadTails(ModelOpened opened) => opened.TailUs.Count <= plan.Partitions.Length
        ? [.. opened.TailUs.Select(static us => us / 1e6)]
        : throw ProtocolException.Violation($"the server tells of {opened.TailUs.Count} tails, and the plan has {plan.Partitions.Length} partitions");

    /// <summary>What a server says when it does not open the model, with what the client's plan has where that of the server differs.</summary>
    public TailRefusedException Refused(ErrorHeader header)
    {
        var refusal = Refusals.Read(header);
        if (header.DifferingPartition is 0 || header.DifferingPartition > plan.Partitions.Length) return refusal;
        var k = (int)header.DifferingPartition - 1;
        return new(refusal.Code, $"{refusal.Message} At this end partition {k} {PlanSketch.Describe(plan.Partitions[k])}.") { DifferingPartition = k, RetryAfter = refusal.RetryAfter };
    }
}

/// <summary>Reads what servers say when they refuse.</summary>
internal static class Refusals
{
    /// <summary>The refusal as an exception.</summary>
    public static TailRefusedException Read(ErrorHeader header) =>
        new(Enum.IsDefined((RefusalCode)header.Code) ? (RefusalCode)header.Code : RefusalCode.Failed, header.Message)
        {
            RetryAfter = header.RetryAfterMs > 0 ? TimeSpan.FromMilliseconds(header.RetryAfterMs) : null,
        };

    /// <summary>The same refusal for another caller, since a stack trace belongs to one.</summary>
    public static TailRefusedException Copy(TailRefusedException refused) =>
        new(refused.Code, refused.Message, refused) { DifferingPartition = refused.DifferingPartition, RetryAfter = refused.RetryAfter };
}
