using System.Text.Json.Serialization;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>A line of <c>/v2/monitor</c>, as far as it is shown. It is the server's word: anything may be missing.</summary>
internal sealed record MonitorSample
{
    /// <summary>The version of the lines that this understands.</summary>
    public const int KnownVersion = 1;

    public int Version { get; init; }

    /// <summary>When it was, by the server's clock, s.</summary>
    public double UnixSeconds { get; init; }

    public MonitoredLoad? Load { get; init; }

    public IReadOnlyList<MonitoredClient?>? Clients { get; init; }
}

/// <summary>How busy the server was.</summary>
internal sealed record MonitoredLoad
{
    public int Queued { get; init; }

    public int Running { get; init; }

    public int Places { get; init; }

    public double? Price { get; init; }

    public long ResidentBytes { get; init; }
}

/// <summary>A connection, with counts since it began.</summary>
internal sealed record MonitoredClient
{
    public long Number { get; init; }

    public string? Address { get; init; }

    public string? Key { get; init; }

    public string? Model { get; init; }

    public int? Partition { get; init; }

    public string? Codec { get; init; }

    public double? RoundTripSeconds { get; init; }

    public double? LinkBytesPerSecond { get; init; }

    public MonitoredStages? Stages { get; init; }

    public long Answered { get; init; }

    public long ByExit { get; init; }

    public long Refused { get; init; }

    public long ToldFinished { get; init; }

    public long ToldWonByDevice { get; init; }

    public long ToldOnDevice { get; init; }
}

/// <summary>Where the time of a request went, one stage after the other, s.</summary>
internal sealed record MonitoredStages
{
    public double DecideSeconds { get; init; }

    public double HeadSeconds { get; init; }

    public double EncodeSeconds { get; init; }

    public double SendSeconds { get; init; }

    public double ServerSeconds { get; init; }

    public double ReplySeconds { get; init; }

    public double TailSeconds { get; init; }

    public double TotalSeconds { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MonitorSample))]
internal sealed partial class MonitorContext : JsonSerializerContext;
