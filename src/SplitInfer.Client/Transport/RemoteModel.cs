using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>A model that a client wants from servers. Immutable.</summary>
internal sealed class RemoteModel
{
    private readonly PartitionPlan? _plan;
    private readonly PlanLayouts? _layouts;

    /// <summary>One of which the client has a plan.</summary>
    /// <param name="name">Its name; empty leaves the choice to its fingerprint.</param>
    /// <param name="version">Its version; empty asks for the latest.</param>
    /// <param name="plan">The client's plan of it.</param>
    public RemoteModel(string name, string version, PartitionPlan plan)
    {
        (_plan, _layouts) = (plan, new(plan));
        Message = new()
        {
            Model = name,
            Version = version,
            ModelFingerprint = ByteString.CopyFrom(plan.Model.Bytes),
            PlanFingerprint = ByteString.CopyFrom(plan.Fingerprint.Bytes),
            PlanSketch = ByteString.CopyFrom(plan.Sketch),
        };
    }

    private RemoteModel(OpenModel message) => Message = message;

    /// <summary>How the plan's boundaries are laid out.</summary>
    public PlanLayouts Layouts => _layouts ?? throw new InvalidOperationException("No request can be sent to a model that is only to be described.");

    /// <summary>What the server is told of the client's requests; null where it is told nothing.</summary>
    public ReportBuffer? Reports { get; init; }

    /// <summary>What opens it, by name and by fingerprints, so that a server that has replaced it does not give another one.</summary>
    public OpenModel Message { get; }

    /// <summary>One that the client knows by name only, to be described by the server.</summary>
    /// <param name="name">Its name; empty where the server has only one.</param>
    /// <param name="version">Its version; empty asks for the latest.</param>
    public static RemoteModel ToDescribe(string name, string version) => new(new OpenModel { Model = name, Version = version, Describe = true });

    /// <summary>The model that a plan was described for, whose tails other than that of partition 0 are nothing to the client.</summary>
    public static RemoteModel Described(string name, string version, PartitionPlan plan, ReportBuffer? reports = null)
    {
        var model = new RemoteModel(name, version, plan) { Reports = reports };
        model.Message.PlanSketch = ByteString.Empty;
        return model;
    }

    /// <summary>Seconds that each tail takes, as a server that has opened the model says; empty where it does not.</summary>
    /// <exception cref="ProtocolException">It tells of partitions that the plan does not have.</exception>
    public ImmutableArray<double> ReadTails(ModelOpened opened)
    {
        if (_plan is null || Message.PlanSketch.IsEmpty) return [];
        return opened.TailUs.Count <= _plan.Partitions.Length
            ? [.. opened.TailUs.Select(static us => us / 1e6)]
            : throw ProtocolException.Violation($"the server tells of {opened.TailUs.Count} tails, and the plan has {_plan.Partitions.Length} partitions");
    }

    /// <summary>What a server says when it does not open the model, with what the client's plan has where that of the server differs.</summary>
    public TailRefusedException Refused(ErrorHeader header)
    {
        var refusal = Refusals.Read(header);
        if (_plan is not null && Message.PlanSketch.IsEmpty && refusal.Code is RefusalCode.ModelMismatch or RefusalCode.PlanMismatch or RefusalCode.UnknownModel)
            return new(refusal.Code, $"{refusal.Message} The server has replaced the model since this client was created, or has it no more: create another client, which asks what the model is now.");
        if (_plan is null || header.DifferingPartition is 0 || header.DifferingPartition > _plan.Partitions.Length) return refusal;
        var k = (int)header.DifferingPartition - 1;
        return new(refusal.Code, $"{refusal.Message} At this end partition {k} {PlanSketch.Describe(_plan.Partitions[k])}.") { DifferingPartition = k, RetryAfter = refusal.RetryAfter };
    }
}

/// <summary>Reads what servers say when they refuse.</summary>
internal static class Refusals
{
    /// <summary>The refusal as an exception.</summary>
    public static TailRefusedException Read(ErrorHeader header)
    {
        var load = header.Load is { } told ? ServerLoad.Read(told) : default;
        return new(Enum.IsDefined((RefusalCode)header.Code) ? (RefusalCode)header.Code : RefusalCode.Failed, PeerText.Clean(header.Message))
        {
            RetryAfter = header.RetryAfterMs > 0 ? TimeSpan.FromMilliseconds(header.RetryAfterMs) : null,
            Price = load.Price,
            Places = load.PlausiblePlaces,
        };
    }

    /// <summary>The same refusal for another caller, since a stack trace belongs to one.</summary>
    public static TailRefusedException Copy(TailRefusedException refused) =>
        new(refused.Code, refused.Message, refused) { DifferingPartition = refused.DifferingPartition, RetryAfter = refused.RetryAfter, Price = refused.Price, Places = refused.Places };
}
