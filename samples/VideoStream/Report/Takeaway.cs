using System.Globalization;

namespace VideoStream.Report;

/// <summary>What a stream has shown, in a sentence.</summary>
internal static class Takeaway
{
    /// <summary>The sentence for a stream of at least one frame.</summary>
    /// <param name="policy">What chose the partitions.</param>
    /// <param name="mbps">Bandwidths of the phases, Mbit/s.</param>
    /// <param name="bestFixed">The best fixed partition.</param>
    /// <param name="frames">The frames.</param>
    public static string Of(string policy, IEnumerable<double> mbps, int bestFixed, IReadOnlyList<FrameLine> frames)
    {
        var (own, oracle) = (frames.Average(static f => f.TotalMs), frames.Average(static f => f.OracleMs));
        // On a busy machine the stream can be faster than the medians that the oracle goes by.
        var hindsight = oracle < own ? string.Create(CultureInfo.InvariantCulture, $"; with hindsight it might have taken {oracle:F0} ms") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"Over a link of {string.Join(", then ", mbps.Select(static rate => rate.ToString("0.##", CultureInfo.InvariantCulture)))} Mbit/s, a frame with {policy} took {own:F0} ms on average: ")
            + $"{Beside(own, frames.Average(static f => f.BestFixedMs))} the best fixed partition ({bestFixed}), {Beside(own, frames.Average(static f => f.OnDeviceMs))} the device alone "
            + $"and {Beside(own, frames.Average(static f => f.OnServerMs))} the server alone{hindsight}.";
    }

    private static string Beside(double own, double other) => Math.Round(Math.Abs(own / other - 1) * 100) is var percent && percent == 0
        ? "as long as"
        : string.Create(CultureInfo.InvariantCulture, $"{percent:F0} % {(own < other ? "less" : "more")} than");
}
