namespace SplitInfer.Policies.Experience;

/// <summary>Ratings of sessions in which a signal was seen. Immutable; adds up.</summary>
/// <param name="Count">How many.</param>
/// <param name="Sum">Their sum.</param>
/// <param name="Squares">The sum of their squares.</param>
internal readonly record struct SignalStatistics(double Count, double Sum, double Squares)
{
    /// <summary>How many ratings what is believed beforehand weighs, and its variance.</summary>
    private const double PriorCount = 8, PriorVariance = 0.05;

    /// <summary>How many signals there are.</summary>
    public const int Signals = 6;

    /// <summary>Whether ratings from 0 to 1 can have given the numbers: Σy² ≤ Σy ≤ n and (Σy)² ≤ n·Σy².</summary>
    /// <param name="slack">What rounding may add to each.</param>
    public bool IsPossible(double slack) =>
        Count >= -slack && Sum >= -slack && Squares >= -slack && Sum <= Count + slack && Squares <= Sum + slack && Sum * Sum <= (Count + slack) * (Squares + slack);

    /// <summary>Adds one rating.</summary>
    public SignalStatistics With(double rating) => new(Count + 1, Sum + rating, Squares + (rating * rating));

    public static SignalStatistics operator +(SignalStatistics a, SignalStatistics b) => new(a.Count + b.Count, a.Sum + b.Sum, a.Squares + b.Squares);

    public static SignalStatistics operator -(SignalStatistics a, SignalStatistics b) => new(a.Count - b.Count, a.Sum - b.Sum, a.Squares - b.Squares);

    /// <summary>
    /// The rating for which a signal stands, and how much that says: 1 where ratings with the signal are all alike and far from the others, 0
    /// where they are like any.
    /// </summary>
    public static (double Rating, double Weight) LabelOf(ImplicitSignal signal, ReadOnlySpan<SignalStatistics> bySignal)
    {
        var all = default(SignalStatistics);
        foreach (var statistics in bySignal) all += statistics;
        var usual = all.Mean(PriorOf(ImplicitSignal.Quiet));
        var own = bySignal[(int)signal];
        var mean = own.Mean(PriorOf(signal));
        var difference = (mean - usual) * (mean - usual);
        return (mean, difference / (difference + own.Variance(mean)));
    }

    // Before ratings and signals were seen together.
    private static double PriorOf(ImplicitSignal signal) => signal switch
    {
        ImplicitSignal.Quiet => 0.7,
        ImplicitSignal.Late => 0.4,
        ImplicitSignal.Repeated or ImplicitSignal.Dismissed => 0.45,
        ImplicitSignal.Overridden => 0.35,
        _ => 0.3,
    };

    private double Mean(double prior) => (Sum + (PriorCount * prior)) / (Count + PriorCount);

    private double Variance(double mean) =>
        Math.Max(PriorVariance / 4, (Squares - (2 * mean * Sum) + (Count * mean * mean) + (PriorCount * PriorVariance)) / (Count + PriorCount));
}
