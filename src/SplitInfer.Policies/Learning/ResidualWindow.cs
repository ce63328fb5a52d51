namespace SplitInfer.Policies.Learning;

/// <summary>
/// The last residuals of one place: what requests took beyond what was predicted. The share of them below a bound is the probability that the next
/// one is (<see cref="SortedResiduals"/>). Not thread-safe.
/// </summary>
/// <remarks>
/// What the place did before it changed is forgotten: where two residuals in a row are far outside of what there was before, three where no answer was
/// to be had, or where the ranks of the last 8, 16 or 32 are too high or too low for chance (Mann and Whitney's test). Neither depends on the law.
/// </remarks>
internal sealed class ResidualWindow
{
    /// <summary>The most residuals that are kept.</summary>
    public const int Capacity = 256;

    /// <summary>The most bits of a request.</summary>
    private const double MaxBits = 1e15;

    /// <summary>A residual is far outside if it is this many times the distance of the 10th and 90th percentiles beyond one of them.</summary>
    private const double Far = 3;

    /// <summary>Residuals in a row that are far outside after a change, and how many where the last is of a request that got no answer: one in ten may get none while nothing changes.</summary>
    private const int FarInARow = 2, NeverInARow = 3;

    /// <summary>Ranks that chance makes once in some hundred thousand tests, in standard deviations.</summary>
    private const double MaxRankDeviation = 4.5;

    private const int MinJudged = 16, TestInterval = 8;

    private readonly Residual[] _ring = new Residual[Capacity];
    private readonly Residual[] _kept = new Residual[Capacity];
    private readonly SortedResiduals _sorted = new(Capacity);
    private long _added;
    private int _outside;

    private static ReadOnlySpan<int> Blocks => [8, 16, 32];

    /// <summary>How many there are.</summary>
    public int Count => _sorted.Count;

    /// <summary>How often the window forgot what was before a change.</summary>
    public int Changes { get; private set; }

    /// <summary>The newest; there is at least one.</summary>
    public Residual Last => Back(1);

    /// <summary>Probability that a residual is at most so many seconds; 0 where nothing is known.</summary>
    public double Below(double seconds) => _sorted.Below(seconds);

    /// <summary>
    /// A bound that a residual exceeds with at most the given probability; where there are too few to tell, the largest but one, since a single one
    /// may be a mishap. There are at least two.
    /// </summary>
    public double Quantile(double risk) => _sorted[Math.Clamp((int)Math.Ceiling((Count + 1) * (1 - risk)) - 1, 0, Count - 2)];

    /// <summary>Takes a residual.</summary>
    /// <param name="residual">The residual.</param>
    /// <param name="negligible">A change of no more than this, s, is none: where hardly anything scatters, an estimate that still settles looks like one.</param>
    /// <returns>Whether the place turns out to have changed.</returns>
    public bool Add(in Residual residual, double negligible = 1e-6)
    {
        var added = Limit(residual);
        var isFar = Count >= MinJudged ? Side(added, negligible) : 0;
        _outside = isFar == 0 ? 0 : isFar * Math.Sign(_outside) >= 0 ? _outside + isFar : isFar;
        ref var place = ref _ring[(int)(_added++ % Capacity)];
        if (Count == Capacity) _sorted.Replace(place, added);
        else _sorted.Insert(added);
        place = added;
        var isNew = Math.Abs(_outside) >= (added.IsNever ? NeverInARow : FarInARow) ? Math.Abs(_outside) : _added % TestInterval == 0 ? NewByRank(negligible) : 0;
        if (isNew == 0) return false;
        _outside = 0;
        Changes++;
        Keep(isNew);
        return true;
    }

    /// <summary>Takes what became of a request in place of the lower bound that stood for it.</summary>
    /// <param name="residual">The residual of the request.</param>
    /// <returns>False where there is no such bound.</returns>
    public bool Settle(in Residual residual)
    {
        for (var (back, bounds) = (1, _sorted.Bounds); bounds > 0 && back <= Count; back++)
        {
            ref var earlier = ref Back(back);
            if (!earlier.IsBound) continue;
            bounds--;
            if (earlier.Sequence != residual.Sequence) continue;
            var settled = Limit(residual);
            _sorted.Replace(earlier, settled);
            earlier = settled;
            return true;
        }

        return false;
    }

    /// <summary>Takes over all residuals once what they are relative to has changed.</summary>
    /// <param name="shift">What to add to the residual of a request of so many bits.</param>
    public void Rebase(double shift)
    {
        for (var back = 1; back <= Count; back++)
        {
            ref var residual = ref Back(back);
            if (!residual.IsNever) residual = Limit(residual with { Seconds = residual.Seconds + (shift * residual.Bits) });
        }

        Keep(Count);
    }

    /// <summary>Writes all of them, the oldest first.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(Count);
        for (var back = Count; back >= 1; back--) state.Write([Back(back).Seconds, Back(back).Bits, Back(back).IsBound ? 1 : 0]);
    }

    /// <summary>Restores what was saved.</summary>
    public void Restore(PolicyStateReader state)
    {
        _added = (int)state.Read(0, Capacity);
        for (var i = 0; i < _added; i++)
            _ring[i] = new(state.Read(-Outcome.MaxSeconds, Outcome.MaxSeconds), state.Read(0, MaxBits), state.Read(0, 1) > 0, Sequence: -1);
        Keep((int)_added);
    }

    private static Residual Limit(in Residual residual) =>
        residual with { Seconds = Math.Clamp(residual.Seconds, -Outcome.MaxSeconds, Outcome.MaxSeconds), Bits = Math.Min(residual.Bits, MaxBits) };

    private ref Residual Back(int back) => ref _ring[(int)((_added - back) % Capacity)];

    // −1 below, 1 above what there was before, 0 within. A lower bound is never below.
    private int Side(in Residual residual, double negligible)
    {
        var (low, high) = (_sorted[Count / 10], _sorted[Count - 1 - (Count / 10)]);
        var reach = Far * Math.Max(high - low, negligible);
        return residual.Seconds > high + reach ? 1 : residual.Seconds < low - reach && !residual.IsBound ? -1 : 0;
    }

    // How many of the last do not fit those before; 0 where they do.
    private int NewByRank(double negligible)
    {
        var (back, ranks) = (0, 0.0);
        foreach (var block in Blocks)
        {
            if (Count < 2 * block) break;
            while (back < block) ranks += _sorted.Rank(Back(++back));
            var deviation = Math.Sqrt((Count - block) / (12.0 * block * (Count + 1)));
            if (Math.Abs((ranks / block) - 0.5) > MaxRankDeviation * deviation && Shift(block) > negligible) return block;
        }

        return 0;
    }

    // By how much the mean of the last differs from that of those before. No answer is infinitely later than any.
    private double Shift(int block)
    {
        var last = 0.0;
        for (var back = 1; back <= block; back++)
        {
            if (Back(back).IsNever) return double.PositiveInfinity;
            last += Back(back).Seconds;
        }

        var (sum, count) = _sorted.SumBelow(Outcome.MaxSeconds);
        return count > block ? Math.Abs((last / block) - ((sum - last) / (count - block))) : double.PositiveInfinity;
    }

    private void Keep(int newest)
    {
        for (var back = 1; back <= newest; back++) _kept[back - 1] = Back(back);
        _sorted.Take(_kept.AsSpan(0, newest));
    }
}

/// <summary>What one request took beyond what was predicted.</summary>
/// <param name="Seconds">Measured less predicted, s.</param>
/// <param name="Bits">What it sent.</param>
/// <param name="IsBound">Whether it took more than that, by an amount that is not known.</param>
/// <param name="Sequence">The request's decision.</param>
internal readonly record struct Residual(double Seconds, double Bits, bool IsBound, long Sequence)
{
    /// <summary>Whether there will be no answer, however long it is waited for.</summary>
    public bool IsNever => IsBound && Seconds >= Outcome.MaxSeconds;

    /// <summary>That of a request that was refused, or failed.</summary>
    public static Residual Never(long sequence) => new(Outcome.MaxSeconds, Bits: 0, IsBound: true, sequence);
}
