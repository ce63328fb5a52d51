using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Tells of each kind of failure of a server when it is first seen, and not again. Thread-safe.</summary>
internal sealed class ToldFailures(Terminal terminal)
{
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);

    /// <summary>A server has failed.</summary>
    public void Add(Exception failure)
    {
        // What ends by itself is counted at the end of the run, and would be told here again and again.
        if (FailureWords.IsPassing(failure)) return;
        lock (_kinds)
            if (_kinds.Add(FailureWords.KindOf(failure))) terminal.Complain($"A server cannot be used ({FailureWords.KindOf(failure)}). {FailureWords.Of(failure)}");
    }
}
