namespace SplitInfer.Policies.Learning;

/// <summary>The residuals of one server at one decision.</summary>
internal readonly struct ResidualView
{
    /// <summary>Standard deviations beyond which the normal law has nothing left, and places of its table for each.</summary>
    private const int Certain = 5, Places = 64;

    private static readonly double[] Normal = [.. Enumerable.Range(-Certain * Places, (2 * Certain * Places) + 1).Select(static place => 1 - TruncatedNormal.Above((double)place / Places).Probability)];

    /// <summary>The residuals.</summary>
    public required ResidualWindow Window { get; init; }

    /// <summary>What the link is expected to take beside bits, s.</summary>
    public required double Fixed { get; init; }

    /// <summary>What a bit takes beyond what residuals were worked out with, s.</summary>
    public required double SecondsPerBit { get; init; }

    /// <summary>How many residuals the normal law counts for.</summary>
    public required double PriorWeight { get; init; }

    /// <summary>Its standard deviation, relative to what an arm is expected to cost.</summary>
    public required double RelativeDeviation { get; init; }

    /// <summary>What an arm leaves of a time to what the link takes beside its bits, and to all that scatters, s. The more of it, the likelier it is in time.</summary>
    /// <param name="seconds">The time from the start of the head, s.</param>
    /// <param name="mean">Expected cost of the arm, s.</param>
    /// <param name="bits">What it sends.</param>
    public double Left(double seconds, double mean, double bits) => seconds - mean + Fixed + (SecondsPerBit * bits);

    /// <summary>Probability that an arm answers within a time.</summary>
    /// <param name="seconds">The time from the start of the head, s.</param>
    /// <param name="mean">Expected cost of the arm, s.</param>
    /// <param name="left">What it leaves.</param>
    public double InTime(double seconds, double mean, double left)
    {
        if (double.IsPositiveInfinity(seconds)) return 1;
        if (seconds <= 0) return 0;

        // What was never seen is not impossible: of n and one more, half of one may be below any bound, unless the link would have to take no time.
        var n = Window.Count;
        var share = ((n * Window.Below(left)) + (left > 0 ? 0.5 : 0)) / (n + 1);
        if (PriorWeight == 0) return share;
        var deviations = (seconds - mean) / (RelativeDeviation * mean);
        var prior = NormalBelow(deviations);
        return ((n * share) + (PriorWeight * prior)) / (n + PriorWeight);
    }

    // Hundreds of arms are asked about at a decision, and the law is a stopgap: to the place of its table is near enough.
    private static double NormalBelow(double deviations)
    {
        var place = (deviations + Certain) * Places;
        return place <= 0 ? 0 : place >= Normal.Length - 1 ? 1 : Normal[(int)place];
    }
}
