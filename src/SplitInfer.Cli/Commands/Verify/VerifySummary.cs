namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Models that have one outcome for one kind of reason.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Kind">The reason, without names and numbers.</param>
/// <param name="Count">How many models.</param>
/// <param name="Example">The first of them.</param>
internal sealed record ReasonCount(Outcome Outcome, string Kind, int Count, string Example);

/// <summary>What came of many models.</summary>
internal sealed class VerifySummary
{
    private readonly Dictionary<Outcome, int> _outcomes = [];
    private readonly Dictionary<(Outcome Outcome, string Kind), ReasonCount> _reasons = [];

    /// <summary>Models.</summary>
    public int Models => _outcomes.Values.Sum();

    /// <summary>Partitions that were run.</summary>
    public int Partitions { get; private set; }

    /// <summary>Whether a file that the command line named itself was refused, which is an error; that one of a folder is need not be.</summary>
    public bool IsNamedRefused { get; private set; }

    /// <summary>Why models were not verified, the most frequent reason first.</summary>
    public IEnumerable<ReasonCount> Reasons => _reasons.Values.OrderByDescending(static r => r.Count).ThenBy(static r => r.Kind, StringComparer.Ordinal);

    /// <summary>How many models have an outcome.</summary>
    public int this[Outcome outcome] => _outcomes.GetValueOrDefault(outcome);

    /// <summary>Adds a model.</summary>
    public void Add(ModelResult result)
    {
        _outcomes[result.Outcome] = this[result.Outcome] + 1;
        Partitions += result.Run;
        IsNamedRefused |= result.Outcome == Outcome.Refused && result.Model.IsNamed;
        if (result.Outcome == Outcome.Verified) return;
        var key = (result.Outcome, ReasonKind.Of(result.Reason ?? "", result.Model.Path));
        _reasons[key] = _reasons.TryGetValue(key, out var counted) ? counted with { Count = counted.Count + 1 } : new(key.Outcome, key.Item2, 1, result.Model.Path);
    }
}
