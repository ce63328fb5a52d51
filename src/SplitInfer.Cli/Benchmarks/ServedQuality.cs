using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What <see cref="ServedQualityBenchmark"/> measures.</summary>
internal sealed record ServedQualitySettings
{
    /// <summary>The model file.</summary>
    public required string Path { get; init; }

    /// <summary>The model, planned.</summary>
    public required PartitionedModel Model { get; init; }

    /// <summary>Its exits.</summary>
    public required ModelExits Exits { get; init; }

    /// <summary>Samples of its inputs.</summary>
    public required IReadOnlyList<TensorValue[]> Samples { get; init; }

    /// <summary>The right class of each.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>Deadlines, equally frequent.</summary>
    public required IReadOnlyList<TimeSpan> Deadlines { get; init; }

    /// <summary>Users, who send equally many requests.</summary>
    public required int Users { get; init; }

    /// <summary>How long each contender is loaded, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>Whether requests come in bursts.</summary>
    public required bool IsBursty { get; init; }

    /// <summary>How many times as long servers take for everything.</summary>
    public required double Slowdown { get; init; }

    /// <summary>Seed of what comes.</summary>
    public required int Seed { get; init; }
}

/// <summary>Who is compared: a server with some exits or none, and what requests say.</summary>
/// <param name="Name">The word for it.</param>
/// <param name="Exits">The exits of its server; null for none.</param>
/// <param name="SendsDeadline">Whether requests tell their deadline.</param>
/// <param name="HasPrices">Whether the server's time has a price.</param>
internal sealed record QualityServing(string Name, ModelExits? Exits, bool SendsDeadline, bool HasPrices = true)
{
    /// <summary>All of them: the product first.</summary>
    /// <param name="exits">The exits of the model.</param>
    public static IReadOnlyList<QualityServing> All(ModelExits exits) =>
    [
        new("Prices", exits, true),
        new("FirstCome", null, false),
        new("EarliestDeadline", null, true),
        new("Confidence", BySure(exits), false, HasPrices: false),
        .. Enumerable.Range(0, exits.Exits.Length).Select(place => new QualityServing(place == 0 ? "Shallowest" : $"Exit{place + 1}", Always(exits, place), true)),
    ];

    // Where time costs nothing and nobody is late, runs end where that loses nothing: here at the first exit that is as sure as its file asks.
    private static ModelExits BySure(ModelExits exits)
    {
        // One sample that leaves at each exit, where that is right and would be at later ones, and one that goes to the end.
        var samples = exits.Exits.Length + 1;
        bool[][] right = [.. exits.Exits.Select((_, place) => Enumerable.Range(0, samples).Select(sample => sample <= place).ToArray())];
        return exits with { Answers = RecordedAnswers.Of([.. right.Select((leaves, place) => leaves.Select(isSure => isSure ? exits.Exits[place].Threshold : 0).ToArray())], right) };
    }

    // An exit whose every answer is told to be right is the end of every run.
    private static ModelExits Always(ModelExits exits, int place) => exits with { Exits = [exits.Exits[place]], Answers = RecordedAnswers.Of([[0, 0.5]], [[true, true]]) };
}

/// <summary>What one contender made of one load. Accuracy is over all requests; what is late or refused counts 0.</summary>
/// <param name="Load">Requests that came, as a multiple of those that its server could run whole.</param>
/// <param name="Contender">Who served.</param>
/// <param name="Requests">Requests that counted.</param>
/// <param name="Misses">Share of requests without an answer in time.</param>
/// <param name="Refused">Share of requests that the server refused; the other misses came too late.</param>
/// <param name="Accuracy">Share of requests with a right answer in time.</param>
/// <param name="LeastUserShare">The least accuracy of a user as a part of the mean of all; null where there is one user.</param>
/// <param name="ExitShare">Share of answers that exits gave.</param>
/// <param name="MadeLateMs">How much later than they were to be requests were made, ms, 99th percentile: what the machine adds.</param>
internal sealed record ServedQualityRow(double Load, string Contender, int Requests, double Misses, double Refused, double Accuracy, double? LeastUserShare, double ExitShare, double MadeLateMs);
