namespace SplitInfer.Simulation.Quality;

/// <summary>What a contender made of a world. Accuracy is what answers in time are expected to be right; what is late or refused counts 0.</summary>
public sealed record QualityResult
{
    /// <summary>Who decided.</summary>
    public required QualityContender Contender { get; init; }

    /// <summary>Requests that came.</summary>
    public required int Requests { get; init; }

    /// <summary>Share of requests without an answer in time.</summary>
    public required double Misses { get; init; }

    /// <summary>Mean accuracy in time, over all requests.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The same over requests that came after the coordinator died, or would have.</summary>
    public required double LateAccuracy { get; init; }

    /// <summary>The least accuracy of a user of at least 100 requests, as a part of the mean of these users; 1 where there is one at most.</summary>
    public required double LeastUserShare { get; init; }

    /// <summary>Share of the servers' time that was used.</summary>
    public required double Utilization { get; init; }

    /// <summary>Mean seconds from the arrival of a request to its answer, of those that got one.</summary>
    public required double MeanSeconds { get; init; }

    /// <summary>Bytes of prices that a server is sent in a second.</summary>
    public required double PriceBytesPerSecond { get; init; }

    /// <summary>The most bytes of a report.</summary>
    public required int MostReportBytes { get; init; }
}
