namespace SplitInfer.Client.Policies.MuLinUcbPaper;

/// <summary>What the paper leaves open.</summary>
internal sealed class MuLinUcbPaperOptions
{
    /// <summary>Whether each feature is divided by its largest value among the arms (<c>featureScale=max</c>); not by default (<c>none</c>).</summary>
    public bool ScaleFeatures { get; init; }

    /// <summary>β: A starts at βI. More than 0; 1 by default.</summary>
    public double Prior { get; init; } = 1;

    /// <summary>Whether every K-th request is a forced sample (<c>forced=true</c>), as it is by default; without, the trap of the paper's motivation appears.</summary>
    public bool IsForcing { get; init; } = true;

    public static MuLinUcbPaperOptions From(PolicyOptions options) => new()
    {
        ScaleFeatures = options.Choice("featureScale", "none", "max") == "max",
        Prior = options.Number("prior", 1, min: double.Epsilon),
        IsForcing = options.Flag("forced", true),
    };
}
