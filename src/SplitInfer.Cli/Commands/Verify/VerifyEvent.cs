
namespace SplitInfer.Cli.Commands.Verify;

/// <summary>How the verification of a model ended.</summary>
internal enum VerifyEnd
{
    /// <summary>Every chosen partition was run; whether each is right is told by its verdict.</summary>
    Verified,

    /// <summary>The model cannot be planned, or does not run as it is.</summary>
    Refused,

    /// <summary>The model is right to give something else each time.</summary>
    Incomparable,

    /// <summary>The options do not fit the model.</summary>
    Misused,

    /// <summary>The verification broke off, which is the model's or this program's fault.</summary>
    Broken,
}

/// <summary>What becomes known of a model while it is verified: a line on a worker's standard output. One of the members is set.</summary>
internal sealed record VerifyEvent
{
    /// <summary>The plan was made.</summary>
    public PlannedCuts? Planned { get; init; }

    /// <summary>A partition is about to be compiled and run.</summary>
    public int? Begun { get; init; }

    /// <summary>A partition was run; these come in the order of the plan.</summary>
    public VerdictLine? Verdict { get; init; }

    /// <summary>Nothing more comes of this model.</summary>
    public ModelEnd? End { get; init; }
}

/// <summary>What of a model is verified.</summary>
/// <param name="Partitions">How many the plan has.</param>
/// <param name="Chosen">How many of them are run.</param>
/// <param name="Skipped">How many cannot be made, by reason.</param>
internal sealed record PlannedCuts(int Partitions, int Chosen, SortedDictionary<string, int> Skipped);

/// <summary>How a model ended.</summary>
/// <param name="Kind">The kind of end.</param>
/// <param name="Reason">Why, where it was not verified; a sentence for people.</param>
internal sealed record ModelEnd(VerifyEnd Kind, string? Reason);
