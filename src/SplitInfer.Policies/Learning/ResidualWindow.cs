namespace SplitInfer.Policies.Learning;

/// <summary>
/// The last residuals of one place: what requests took beyond what was predicted. The share of them below a bound is the probability that the next
/// one is, whatever law they follow. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// r_i      measured less predicted, s; of a request whose reply never came a lower bound of it
/// F(x)     1 − Π (1 − 1/n_j) over the measured r_j ≤ x, where n_j of the r_i are at least r_j: Kaplan and Meier's estimate, which is the plain
///          share of r_i ≤ x where there are no lower bounds
/// </code>
/// What the place did before it changed is forgotten: where two residuals in a row are far outside of what there was before, or where the ranks of
/// the last 8, 16 or 32 are too high or too low for chance (Mann and Whitney's test). Neither depends on the law.
/// </remarks>
internal sealed class ResidualWindow
{
    /// <summary>The most residuals that are kept.</summary>
    public const int Capacity = 256;

    /// <summary>A residual is far outside if it is this many times the distance of the 10th and 90th percentiles beyond one of them.</summary>
    private const double Far = 3;

    /// <summary>Ranks that chance makes once in some hundred thousand tests, in standard deviations.</summary>
    private const double MaxRankDeviation = 4.5;

    private const int MinJudged = 16, TestInterval = 8;

    private readonly Residual[] _ring = new Residual[Capacity];
    private readonly double[] _sorted = new double[Capacity];
    private readonly bool[] _isBound = new bool[Capacity];
    private readonly double[] _below = new double[Capacity + 1];
    private long _added;
    private int _outside;
    private int _bounds;
    private bool _isDirty;

    private static ReadOnlySpan<int> Blocks => [8, 16, 32];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How often the window forgot what was before a change.</summary>
    public int Changes { get; private set; }

    /// <summary>The newest; there is at least one.</summary>
    public Residual Last => _ring[(int)((_added - 1) % Capacity)];

    /// <summary>F: probability that a residual is at most so many seconds; 0 where nothing is known.</summary>
    public double Below(double seconds) => Share(UpTo(seconds));

    /// <summary>
    /// A bound that a residual exceeds with at most the given probability; where there are too few to tell, the largest. There is at least one.
    /// </summary>
    public double Quantile(double risk) => _sorted[Math.Clamp((int)Math.Ceiling((Count + 1) * (1 - risk)) - 1, 0, Count - 1)];

    /// <summary>
    /// Takes a residual. One of a request of which there is a lower bound already replaces that.
    /// </summary>
    /// <param name="residual">The residual.</param>
    /// <param name="negligible">A change of no more than this, s, is none: where hardly anything scatters, an estimate that still settles looks like one.</param>
    /// <returns>Whether the place turns out to have changed.</returns>
    public bool Add(in Residual residual, double negligible = 1e-6)
    {
        for (var back = 1; _bounds > 0 && back <= Math.Min(Count, 8); back++)
        {
            ref var earlier = ref _ring[(int)((_added - back) % Capacity)];
            if (!earlier.IsBound || earlier.Sequence != residual.Sequence) continue;
            Replace(earlier, residual);
            earlier = residual;
            return false;
        }

        var isFar = Count >= MinJudged ? Side(residual, negligible) : 0;
        _outside = isFar == 0 ? 0 : isFar * Math.Sign(_outside) >= 0 ? _outside + isFar : isFar;
        ref var place = ref _ring[(int)(_added++ % Capacity)];
        if (Count == Capacity) Replace(place, residual);
        else Insert(residual);
        place = residual;
        var isNew = Math.Abs(_outside) >= 2 ? 2 : _added % TestInterval == 0 ? NewByRank(negligible) : 0;
        if (isNew == 0) return false;
        Forget(isNew);
        return true;
    }

    /// <summary>Takes over all residuals once what they are relative to has changed.</summary>
    /// <param name="shift">What to add to the residual of a request of so many bits.</param>
    public void Rebase(double shift)
    {
        for (var back = 1; back <= Count; back++)
        {
            ref var residual = ref _ring[(int)((_added - back) % Capacity)];
            residual = residual with { Seconds = residual.Seconds + (shift * residual.Bits) };
        }

        Sort();
    }

    /// <summary>Writes all of them, the oldest first.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(Count);
        for (var back = Count; back >= 1; back--)
        {
            var residual = _ring[(int)((_added - back) % Capacity)];
            state.Write([residual.Seconds, residual.Bits, residual.IsBound ? 1 : 0]);
        }
    }

    /// <summary>Restores what was saved.</summary>
    public void Restore(PolicyStateReader state)
    {
        Count = (int)state.Read(0, Capacity);
        _added = Count;
        for (var i = 0; i < Count; i++)
            _ring[i] = new(state.Read(-Outcome.MaxSeconds, Outcome.MaxSeconds), state.Read(0, 1e15), state.Read(0, 1) > 0, Sequence: -1);
        Sort();
    }

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
            while (back < block) ranks += Rank(_ring[(int)((_added - ++back) % Capacity)]);
            var deviation = Math.Sqrt((Count - block) / (12.0 * block * (Count + 1)));
            if (Math.Abs((ranks / block) - 0.5) > MaxRankDeviation * deviation && Shift(block) > negligible) return block;
        }

        return 0;
    }

    // By how much the mean of the last differs from that of those before.
    private double Shift(int block)
    {
        var (last, all) = (0.0, 0.0);
        for (var back = 1; back <= block; back++) last += _ring[(int)((_added - back) % Capacity)].Seconds;
        foreach (var seconds in _sorted.AsSpan(0, Count)) all += seconds;
        return Math.Abs((last / block) - ((all - last) / (Count - block)));
    }

    // Expected place among all, from 0 to 1. A lower bound is on average halfway from its place to the end, so that it does not matter how long
    // replies were waited for.
    private double Rank(in Residual residual)
    {
        var upTo = UpTo(residual.Seconds);
        if (residual.IsBound) return (Share(upTo) + 1) / 2;
        var isTied = upTo >= 2 && _sorted[upTo - 2] == residual.Seconds;
        return (Share(isTied ? Below(_sorted, Count, residual.Seconds) : upTo - 1) + Share(upTo)) / 2;
    }

    // F at the place after so many.
    private double Share(int places)
    {
        if (_bounds == 0) return Count == 0 ? 0 : (double)places / Count;
        if (_isDirty) Estimate();
        return _below[places];
    }

    private void Forget(int except)
    {
        (Count, _outside) = (except, 0);
        Changes++;
        Sort();
    }

    private void Sort()
    {
        _bounds = 0;
        for (var back = 1; back <= Count; back++)
        {
            var residual = _ring[(int)((_added - back) % Capacity)];
            if (residual.IsBound) _bounds++;
            (_sorted[back - 1], _isBound[back - 1]) = (residual.Seconds, residual.IsBound);
        }

        _sorted.AsSpan(0, Count).Sort(_isBound.AsSpan(0, Count));
        _isDirty = true;
    }

    private void Insert(in Residual residual)
    {
        var at = UpTo(residual.Seconds);
        _sorted.AsSpan(at, Count - at).CopyTo(_sorted.AsSpan(at + 1));
        _isBound.AsSpan(at, Count - at).CopyTo(_isBound.AsSpan(at + 1));
        (_sorted[at], _isBound[at]) = (residual.Seconds, residual.IsBound);
        if (residual.IsBound) _bounds++;
        Count++;
        _isDirty = true;
    }

    // Of equals that are both measured and bounds, any of the kind may go. Only what lies between the two places moves.
    private void Replace(in Residual old, in Residual by)
    {
        var from = Below(_sorted, Count, old.Seconds);
        while (from < Count - 1 && _isBound[from] != old.IsBound) from++;
        var to = UpTo(by.Seconds);
        if (to > from)
        {
            to--;
            _sorted.AsSpan(from + 1, to - from).CopyTo(_sorted.AsSpan(from));
            _isBound.AsSpan(from + 1, to - from).CopyTo(_isBound.AsSpan(from));
        }
        else
        {
            _sorted.AsSpan(to, from - to).CopyTo(_sorted.AsSpan(to + 1));
            _isBound.AsSpan(to, from - to).CopyTo(_isBound.AsSpan(to + 1));
        }

        (_sorted[to], _isBound[to]) = (by.Seconds, by.IsBound);
        _bounds += (by.IsBound ? 1 : 0) - (old.IsBound ? 1 : 0);
        _isDirty = true;
    }

    private void Estimate()
    {
        var survival = 1.0;
        _below[0] = 0;
        for (var i = 0; i < Count; i++)
        {
            if (!_isBound[i]) survival *= 1 - (1.0 / (Count - i));
            _below[i + 1] = 1 - survival;
        }

        _isDirty = false;
    }

    private int UpTo(double seconds)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_sorted[middle] <= seconds) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static int Below(double[] sorted, int count, double seconds)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle] < seconds) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}

/// <summary>What one request took beyond what was predicted.</summary>
/// <param name="Seconds">Measured less predicted, s.</param>
/// <param name="Bits">What it sent.</param>
/// <param name="IsBound">Whether it took more than that, by an amount that is not known.</param>
/// <param name="Sequence">The request's decision.</param>
internal readonly record struct Residual(double Seconds, double Bits, bool IsBound, long Sequence);
