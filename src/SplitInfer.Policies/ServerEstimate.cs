namespace SplitInfer.Policies;

/// <summary>What a policy thinks of a server at the moment, for people and dashboards. A value of which it knows nothing is NaN.</summary>
public readonly record struct ServerEstimate
{
    /// <summary>What a request takes on the way there and back, however little it sends, s.</summary>
    public required double RoundTripSeconds { get; init; }

    /// <summary>What the link to the server carries, bit/s.</summary>
    public required double BitsPerSecond { get; init; }

    /// <summary>How long the server takes for the longest of the tails among the arms, s.</summary>
    public required double LongestTailSeconds { get; init; }
}
