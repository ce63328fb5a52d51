namespace SplitInfer.Protocol;

/// <summary>What a report of a client may come to.</summary>
internal static class ReportLimits
{
    /// <summary>Requests that one report may tell of, of each kind; a client that has more tells the rest with a later one. Far more than come between two requests, and far from where sums overflow.</summary>
    public const uint MaxRequests = 1_000_000;
}
