using SplitInfer.Server.Monitoring;

namespace SplitInfer.AspNetCore.Monitoring;

/// <summary>A client that is connected. What only it can know, it has told itself, and is null where it has not.</summary>
internal sealed record ClientDocument
{
    // Enough to tell clients apart; a line has one for each connection.
    private const int MaxNameLength = 96;

    public required long Number { get; init; }

    public required string Address { get; init; }

    public required string? Key { get; init; }

    public required string Software { get; init; }

    public required long Answered { get; init; }

    public required long ByExit { get; init; }

    public required long Refused { get; init; }

    public required long Withdrawn { get; init; }

    public required int InFlight { get; init; }

    public required long ReceivedBytes { get; init; }

    public required string? Model { get; init; }

    public required string? ModelVersion { get; init; }

    public required int? Partition { get; init; }

    public required string? Codec { get; init; }

    public required double? RoundTripSeconds { get; init; }

    public required double? LinkBytesPerSecond { get; init; }

    public required StagesDocument? Stages { get; init; }

    public required long ToldFinished { get; init; }

    public required long ToldRaced { get; init; }

    public required long ToldWonByDevice { get; init; }

    public required long ToldOnDevice { get; init; }

    /// <summary>The same for the monitor.</summary>
    public static ClientDocument Of(ClientStatus client) => new()
    {
        Number = client.Number,
        Address = Shortened(client.Address),
        Key = client.Key is { } key ? Shortened(key) : null,
        Software = Shortened(client.Software),
        Answered = client.Answered,
        ByExit = client.ByExit,
        Refused = client.Refused,
        Withdrawn = client.Withdrawn,
        InFlight = client.InFlight,
        ReceivedBytes = client.BytesReceived,
        Model = client.Last?.Model,
        ModelVersion = client.Last?.Version,
        Partition = client.Last?.Partition,
        Codec = client.Last?.Codec,
        RoundTripSeconds = Finite.Of(client.Report?.RoundTripSeconds),
        LinkBytesPerSecond = Finite.Of(client.Report?.BitsPerSecond / 8),
        Stages = client.Report?.Last is { } last ? StagesDocument.Of(last) : null,
        ToldFinished = client.Told.Finished,
        ToldRaced = client.Told.Raced,
        ToldWonByDevice = client.Told.WonByDevice,
        ToldOnDevice = client.Told.OnDevice,
    };

    private static string Shortened(string name)
    {
        if (name.Length <= MaxNameLength) return name;
        var end = MaxNameLength - 1;
        // Half of a pair would be no character.
        if (char.IsHighSurrogate(name[end - 1])) end--;
        return $"{name.AsSpan(0, end)}…";
    }
}

/// <summary>What the last request took that a client told of; stages are one after the other.</summary>
internal sealed record StagesDocument(double DecideSeconds, double HeadSeconds, double EncodeSeconds, double SendSeconds, double ServerSeconds, double ReplySeconds, double TailSeconds, double TotalSeconds)
{
    /// <summary>The same for the monitor.</summary>
    public static StagesDocument Of(ReportedRequest last) => new(
        last.Decide.TotalSeconds, last.Head.TotalSeconds, last.Encode.TotalSeconds, last.Send.TotalSeconds,
        last.Server.TotalSeconds, last.Reply.TotalSeconds, last.Tail.TotalSeconds, last.Total.TotalSeconds);
}
