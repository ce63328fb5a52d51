using SplitInfer.Cli.Inputs;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>What a model counts as.</summary>
internal enum Outcome
{
    Verified,
    Failed,
    Refused,
    Incomparable,
}

/// <summary>What came of one model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Planned">What of it was to be verified; null where no plan was made.</param>
/// <param name="Run">How many partitions were run.</param>
/// <param name="Failed">How many of them do not give the result of the whole.</param>
/// <param name="FirstFailure">What the first of these is about; null where there is none.</param>
/// <param name="End">How it ended.</param>
internal sealed record ModelResult(FoundModel Model, PlannedCuts? Planned, int Run, int Failed, string? FirstFailure, ModelEnd End)
{
    /// <summary>What the model counts as.</summary>
    public Outcome Outcome => Failed > 0 || End.Kind == VerifyEnd.Broken ? Outcome.Failed
        : End.Kind == VerifyEnd.Incomparable ? Outcome.Incomparable
        : End.Kind == VerifyEnd.Verified ? Outcome.Verified
        : Outcome.Refused;

    /// <summary>Why it is not verified, with the name of the file; null where it is.</summary>
    public string? Reason => (End.Reason ?? FirstFailure) is { } reason
        ? reason.Contains(Model.Path, StringComparison.Ordinal) ? reason : $"{Model.Path}: {reason}"
        : null;
}
