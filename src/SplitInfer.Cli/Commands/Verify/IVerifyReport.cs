
namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Prints how the partitions of models compare with the whole, one model after another.</summary>
internal interface IVerifyReport
{
    /// <summary>Takes the next partition of a model.</summary>
    void Add(VerdictLine verdict);

    /// <summary>Ends the model.</summary>
    void End(ModelResult result);

    /// <summary>Ends the last of several models.</summary>
    void Summarize(VerifySummary summary);
}
