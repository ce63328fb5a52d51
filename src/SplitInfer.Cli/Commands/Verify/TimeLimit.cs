namespace SplitInfer.Cli.Commands.Verify;

/// <summary>How long a model may take.</summary>
/// <param name="Asked">The most that a model may take as a whole; null where nobody said.</param>
internal readonly record struct TimeLimit(TimeSpan? Asked)
{
    /// <summary>How long a model may go without getting further where nobody said how long it may take.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(300);

    /// <summary>From the start of a model.</summary>
    public TimeSpan First => Asked ?? Idle;

    /// <summary>Whether time starts anew when a model gets further.</summary>
    public bool Restarts => Asked is null;

    /// <summary>What to say of a model that was over it.</summary>
    public override string ToString() => Asked is { } asked
        ? $"it took more than {asked.TotalSeconds:0.###} s, the --time-limit"
        : $"it got no further for {Idle.TotalSeconds:0} s; --time-limit S gives it longer";
}
