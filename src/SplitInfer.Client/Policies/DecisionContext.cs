namespace SplitInfer.Client.Policies;

/// <summary>What is known of a request before it runs.</summary>
public readonly record struct DecisionContext
{
    /// <summary>Whether the request matters more than its neighbours, such as a frame that differs from the last one.</summary>
    public bool IsKeyFrame { get; init; }

    /// <summary>Whether no server can be reached at the moment, so that only the device is left.</summary>
    public bool IsServerUnavailable { get; init; }
}
