namespace SplitInfer.Cli.Benchmarks;

/// <summary>When requests are to be made that nobody waits for.</summary>
internal enum ArrivalPattern
{
    /// <summary>At random, at a rate that stays the same.</summary>
    Poisson,

    /// <summary>At random, four times as often during half a second in two and a half.</summary>
    Bursts,

    /// <summary>At random, at a rate that changes thirty times in a phase, as that of a service does from minute to minute: a slow wave, and from each minute to the next up to twice as many or half as many.</summary>
    Minutes,
}

/// <summary>Draws the times of one phase.</summary>
/// <param name="pattern">How the rate changes.</param>
/// <param name="perSecond">The mean rate.</param>
/// <param name="phase">How long the phase lasts.</param>
/// <param name="seed">The same seed gives the same times.</param>
internal sealed class Arrivals(ArrivalPattern pattern, double perSecond, TimeSpan phase, int seed)
{
    private const int Minutes = 30;
    private const double BurstFactor = 4, BurstSeconds = 0.5, BurstPeriod = 2.5, WaveHeight = 0.5, MinuteDeviation = 0.35;

    /// <summary>The times, from the start of the phase, in rising order.</summary>
    public IEnumerable<TimeSpan> Times()
    {
        var random = new Random(seed);
        var factors = pattern == ArrivalPattern.Minutes ? DrawMinutes(random) : [];
        // Thinning: times at the highest rate, of which each stays by the share of the rate of its moment.
        var highest = pattern switch { ArrivalPattern.Poisson => 1, ArrivalPattern.Bursts => BurstFactor / MeanOfBursts, _ => factors.Max() };
        for (var at = 0.0; ;)
        {
            at += -Math.Log(1 - random.NextDouble()) / (perSecond * highest);
            if (at > phase.TotalSeconds) yield break;
            if (pattern == ArrivalPattern.Poisson || random.NextDouble() * highest < FactorAt(at, factors)) yield return TimeSpan.FromSeconds(at);
        }
    }

    private const double MeanOfBursts = ((BurstFactor * BurstSeconds) + (BurstPeriod - BurstSeconds)) / BurstPeriod;

    private double FactorAt(double seconds, double[] minutes) => pattern == ArrivalPattern.Bursts
        ? (seconds % BurstPeriod < BurstSeconds ? BurstFactor : 1) / MeanOfBursts
        : minutes[Math.Min(Minutes - 1, (int)(seconds / phase.TotalSeconds * Minutes))];

    private static double[] DrawMinutes(Random random)
    {
        var factors = new double[Minutes];
        for (var minute = 0; minute < Minutes; minute++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
            factors[minute] = (1 + (WaveHeight * Math.Sin(Math.Tau * minute / Minutes))) * Math.Exp(MinuteDeviation * Math.Clamp(normal, -2, 2));
        }

        var mean = factors.Average();
        return [.. factors.Select(factor => factor / mean)];
    }
}
