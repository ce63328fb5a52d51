namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Where the verification of a model is, to say where it broke off.</summary>
internal sealed class RunningCuts
{
    private readonly SortedSet<int> _running = [];
    private bool _isPlanned;

    /// <summary>Takes the next event.</summary>
    public void Follow(VerifyEvent happened)
    {
        _isPlanned |= happened.Planned is not null;
        if (happened.Begun is { } begun) _running.Add(begun);
        if (happened.Verdict is { } verdict) _running.Remove(verdict.Partition);
    }

    /// <summary>Whether fewer cuts would have taken less time.</summary>
    public bool HasBegun => _running.Count > 0;

    /// <summary>Where it is, in words that begin a sentence.</summary>
    public override string ToString() => _running.Count > 0 ? $"at partition {string.Join(" or ", _running)}: " : _isPlanned ? "in the run of the whole model: " : "while it was planned: ";
}
