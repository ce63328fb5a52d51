namespace SplitInfer.Cli.Commands.Run;

/// <summary>How a result stands to the deadline of its frame. What timers and threads may add counts as in time, as it does for the client.</summary>
/// <param name="limit">The deadline; null for none.</param>
internal readonly struct FrameDeadline(TimeSpan? limit)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(5);

    /// <summary>Whether a result came after the deadline.</summary>
    /// <param name="total">From the call to the result.</param>
    public bool IsLate(TimeSpan total) => total > limit;

    /// <summary>Whether it came too late to count, as it does where the machine holds the client up after its last look at the clock.</summary>
    /// <inheritdoc cref="IsLate"/>
    public bool IsMissed(TimeSpan total) => total > limit + Tolerance;
}
