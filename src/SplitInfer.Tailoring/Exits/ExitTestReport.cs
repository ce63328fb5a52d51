using System.Collections.Immutable;

namespace SplitInfer.Tailoring.Exits;

/// <summary>What exits do to a model, as seen on samples. Bounds are one-sided, with 95 % confidence.</summary>
public sealed record ExitTestReport
{
    /// <summary>Number of samples.</summary>
    public required int Samples { get; init; }

    /// <summary>The share that leaves early.</summary>
    public required double ExitRate { get; init; }

    /// <summary>The share whose answer, early or not, is that of the model.</summary>
    public required double Agreement { get; init; }

    /// <summary>The lower bound of that share.</summary>
    public required double AgreementLow { get; init; }

    /// <summary>The share of right answers with exits; null where they are not known.</summary>
    public required double? Accuracy { get; init; }

    /// <summary>The share of right answers of the model; null where they are not known.</summary>
    public required double? FullAccuracy { get; init; }

    /// <summary>Mean time until an answer with exits, ms.</summary>
    public required double MeanMs { get; init; }

    /// <summary>Mean time of the model, run in one piece in turn with the former, ms.</summary>
    public required double FullMs { get; init; }

    /// <summary>What left where: the exits by rising partition, then what went through to the end.</summary>
    public required ImmutableArray<ExitTestRow> Rows { get; init; }
}

/// <summary>The samples that left at one place.</summary>
/// <param name="Partition">The partition of the exit; null for the end of the model.</param>
/// <param name="Share">Their share of all samples.</param>
/// <param name="Agreement">The share of them whose answer is that of the model; null where there are none.</param>
/// <param name="Accuracy">The share of them whose answer is right; null where there are none or labels are unknown.</param>
/// <param name="Ms">Mean time until their answer, ms; null where there are none.</param>
public sealed record ExitTestRow(int? Partition, double Share, double? Agreement, double? Accuracy, double? Ms);
