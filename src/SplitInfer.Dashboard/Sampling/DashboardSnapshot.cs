using System.Collections.Immutable;
using SplitInfer.Server;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Sampling;

/// <summary>The server as the page shows it. Immutable, and shared by all who look.</summary>
internal sealed record DashboardSnapshot
{
    /// <summary>Nothing is known yet.</summary>
    public static DashboardSnapshot Empty { get; } = new() { Samples = [], Clients = [], Models = [], Choices = ImmutableDictionary<(string, string), ImmutableDictionary<int, int>>.Empty, Endpoints = [], Missed = 0 };

    /// <summary>The last seconds, the oldest first.</summary>
    public required ImmutableArray<Sample> Samples { get; init; }

    /// <summary>The clients that are connected.</summary>
    public required ImmutableArray<ClientRow> Clients { get; init; }

    /// <summary>The models that are served.</summary>
    public required ImmutableArray<ServedModelStatus> Models { get; init; }

    /// <summary>By model and version: how many of the clients that are at work cut it where.</summary>
    public required ImmutableDictionary<(string Model, string Version), ImmutableDictionary<int, int>> Choices { get; init; }

    /// <summary>Where the server listens; empty where it does not.</summary>
    public required ImmutableArray<string> Endpoints { get; init; }

    /// <summary>Requests that came too fast to be counted.</summary>
    public required long Missed { get; init; }
}

/// <summary>A client as the page shows it. Properties are public for the table, which finds them by name.</summary>
internal sealed record ClientRow
{
    public required long Number { get; init; }

    /// <summary>Its key, or else its address.</summary>
    public required string Name { get; init; }

    public required string Address { get; init; }

    public required string Software { get; init; }

    public required string Model { get; init; }

    public required string Version { get; init; }

    /// <summary>Where it cut its model last; null where it has not yet.</summary>
    public required int? Partition { get; init; }

    public required string? Codec { get; init; }

    public required int? Variant { get; init; }

    /// <summary>The link as its policy estimates it, ms; null where that is not known.</summary>
    public required double? RoundTripMs { get; init; }

    /// <summary>Likewise, Mbit/s.</summary>
    public required double? Mbps { get; init; }

    /// <summary>What its last request took from the call to the result, ms, as it tells; null where it does not.</summary>
    public required double? DelayMs { get; init; }

    /// <summary>What the server did of that, ms.</summary>
    public required double? ServerMs { get; init; }

    /// <summary>Requests a second, of late.</summary>
    public required double Rate { get; init; }

    public required long Answered { get; init; }

    public required long Refused { get; init; }

    public required long OnDevice { get; init; }

    public required long Forced { get; init; }

    public required long Raced { get; init; }

    /// <summary>Whether it has had a request of late.</summary>
    public required bool IsActive { get; init; }

    /// <summary>A row of a client.</summary>
    /// <param name="client">The client.</param>
    /// <param name="rate">Its requests a second.</param>
    /// <param name="isActive">Whether it has had a request of late.</param>
    public static ClientRow Of(ClientStatus client, double rate, bool isActive)
    {
        var (last, report) = (client.Last, client.Report);
        return new()
        {
            Number = client.Number,
            Name = client.Key ?? client.Address,
            Address = client.Address,
            Software = client.Software,
            Model = last?.Model ?? "",
            Version = last?.Version ?? "",
            Partition = last?.Partition,
            Codec = last?.Codec,
            Variant = report?.Last?.Variant,
            RoundTripMs = report is { } told && double.IsFinite(told.RoundTripSeconds) ? told.RoundTripSeconds * 1e3 : null,
            Mbps = report is { } also && double.IsFinite(also.BitsPerSecond) ? also.BitsPerSecond / 1e6 : null,
            DelayMs = report?.Last?.Total.TotalMilliseconds,
            ServerMs = last is { } served ? (served.Decode + served.Queue + served.Run + served.Encode).TotalMilliseconds : null,
            Rate = rate,
            Answered = client.Answered,
            Refused = client.Refused,
            OnDevice = client.Told.OnDevice,
            Forced = client.Told.Forced,
            Raced = client.Told.Raced,
            IsActive = isActive,
        };
    }
}
