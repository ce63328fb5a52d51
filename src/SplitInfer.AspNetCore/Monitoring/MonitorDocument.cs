using System.Collections.Immutable;
using System.Text.Json.Serialization;
using SplitInfer.Server;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.AspNetCore.Monitoring;

/// <summary>The server at one moment. Counts are since the connection began; a rate is the difference of two snapshots over that of their times.</summary>
internal sealed record MonitorDocument(int Version, double UnixSeconds, LoadDocument Load, ImmutableArray<ClientDocument> Clients, ImmutableArray<MonitoredModelDocument> Models)
{
    /// <summary>Rises when a property changes its meaning or goes; further properties do not raise it.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The server as it is now.</summary>
    public static MonitorDocument Of(SplitInferServer server, DateTimeOffset at) => new(
        CurrentVersion,
        at.ToUnixTimeMilliseconds() / 1e3,
        LoadDocument.Of(server.Load, Environment.WorkingSet),
        [.. server.Clients.Select(ClientDocument.Of)],
        [.. server.Models.Select(static model => new MonitoredModelDocument(model.Name, model.Version, model.Partitions, [.. model.Exits.Select(static exit => exit.Partition)]))]);
}

/// <summary>How busy the server is.</summary>
internal sealed record LoadDocument(int Queued, int Running, int Places, double? WaitSeconds, double? Price, double? QualityPrice, int Connections, long HeldBytes, int Models, int Segments, long SegmentBytes, long ResidentBytes)
{
    /// <summary>The same for the monitor.</summary>
    public static LoadDocument Of(ServerLoadStatus load, long residentBytes) =>
        new(load.Queued, load.Running, load.Places, Finite.Of(load.WaitSeconds), Finite.Of(load.Price), Finite.Of(load.QualityPrice), load.Connections, load.HeldBytes, load.Models, load.Segments, load.SegmentBytes, residentBytes);
}

/// <summary>A version of a model that is served.</summary>
internal sealed record MonitoredModelDocument(string Name, string Version, int Partitions, ImmutableArray<int> Exits);

/// <summary>A number that JSON can hold.</summary>
internal static class Finite
{
    /// <summary>Null for what is not known.</summary>
    public static double? Of(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MonitorDocument))]
internal sealed partial class MonitorJson : JsonSerializerContext;
