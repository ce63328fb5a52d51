namespace SplitInfer.Policies.Quality;

/// <summary>A request that waits.</summary>
/// <param name="DueAt">When its answer is due, in seconds of the caller's clock.</param>
/// <param name="LeastSeconds">What the shallowest exit that may answer it takes: <see cref="QualityController.LeastSeconds"/>.</param>
public readonly record struct WaitingRequest(double DueAt, double LeastSeconds);

/// <summary>What waits at a node while it decides. Made on the stack.</summary>
public readonly ref struct QueueView
{
    /// <summary>The requests that run next, in the order in which they will. The first dozen is enough.</summary>
    public ReadOnlySpan<WaitingRequest> Next { get; init; }

    /// <summary>When each other lane of the node has done what it runs, in seconds of the caller's clock. Empty at a node that runs one request at a time.</summary>
    public ReadOnlySpan<double> OthersFreeAt { get; init; }
}
