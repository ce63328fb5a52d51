namespace SplitInfer.Policies.Learning;

/// <summary>
/// Residuals by their size, and how likely the next one is to be at most so large, whatever law they follow. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// r_i      measured less predicted; of a request whose reply never came a lower bound of it
/// F(x)     1 − Π (1 − 1/n_j) over the measured r_j ≤ x, where n_j of the r_i are at least r_j: Kaplan and Meier's estimate, which is the plain
///          share of r_i ≤ x where there are no lower bounds
/// </code>
/// </remarks>
/// <param name="capacity">The most that are kept.</param>
internal sealed class SortedResiduals(int capacity)
{
    private readonly double[] _seconds = new double[capacity];
    private readonly bool[] _isBound = new bool[capacity];
    private readonly double[] _below = new double[capacity + 1];
    private bool _isDirty;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them are lower bounds.</summary>
    public int Bounds { get; private set; }

    /// <summary>The residual of a rank, 0 the smallest.</summary>
    public double this[int rank] => _seconds[rank];

    /// <summary>F: probability that a residual is at most so large; 0 where nothing is known.</summary>
    public double Below(double seconds) => Share(UpTo(seconds));

    /// <summary>Expected rank of a residual that is among them, as a part of all: from 0 to 1.</summary>
    public double Rank(in Residual residual)
    {
        // A lower bound is on average halfway from its place to the end, so that it does not matter how long replies were waited for.
        var upTo = UpTo(residual.Seconds);
        if (residual.IsBound) return (Share(upTo) + 1) / 2;
        var isTied = upTo >= 2 && _seconds[upTo - 2] == residual.Seconds;
        return (Share(isTied ? Under(residual.Seconds) : upTo - 1) + Share(upTo)) / 2;
    }

    /// <summary>Sum of those that are smaller, and how many they are.</summary>
    public (double Sum, int Count) SumBelow(double seconds)
    {
        var (sum, count) = (0.0, Under(seconds));
        foreach (var smaller in _seconds.AsSpan(0, count)) sum += smaller;
        return (sum, count);
    }

    /// <summary>Adds one; there is room.</summary>
    public void Insert(in Residual residual)
    {
        var at = UpTo(residual.Seconds);
        _seconds.AsSpan(at, Count - at).CopyTo(_seconds.AsSpan(at + 1));
        _isBound.AsSpan(at, Count - at).CopyTo(_isBound.AsSpan(at + 1));
        (_seconds[at], _isBound[at]) = (residual.Seconds, residual.IsBound);
        if (residual.IsBound) Bounds++;
        Count++;
        _isDirty = true;
    }

    /// <summary>Replaces one that is there.</summary>
    public void Replace(in Residual old, in Residual by)
    {
        // Of equals that are both measured and bounds, any of the kind may go. Only what lies between the two places moves.
        var from = Under(old.Seconds);
        while (from < Count - 1 && _isBound[from] != old.IsBound) from++;
        var to = UpTo(by.Seconds);
        if (to > from)
        {
            to--;
            _seconds.AsSpan(from + 1, to - from).CopyTo(_seconds.AsSpan(from));
            _isBound.AsSpan(from + 1, to - from).CopyTo(_isBound.AsSpan(from));
        }
        else
        {
            _seconds.AsSpan(to, from - to).CopyTo(_seconds.AsSpan(to + 1));
            _isBound.AsSpan(to, from - to).CopyTo(_isBound.AsSpan(to + 1));
        }

        (_seconds[to], _isBound[to]) = (by.Seconds, by.IsBound);
        Bounds += (by.IsBound ? 1 : 0) - (old.IsBound ? 1 : 0);
        _isDirty = true;
    }

    /// <summary>Takes others in place of all.</summary>
    /// <param name="residuals">No more than there is room for.</param>
    public void Take(ReadOnlySpan<Residual> residuals)
    {
        (Count, Bounds, _isDirty) = (residuals.Length, 0, true);
        for (var i = 0; i < residuals.Length; i++)
        {
            if (residuals[i].IsBound) Bounds++;
            (_seconds[i], _isBound[i]) = (residuals[i].Seconds, residuals[i].IsBound);
        }

        _seconds.AsSpan(0, Count).Sort(_isBound.AsSpan(0, Count));
    }

    // F at the place after so many.
    private double Share(int places)
    {
        if (Bounds == 0) return Count == 0 ? 0 : (double)places / Count;
        if (_isDirty) Estimate();
        return _below[places];
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

    // How many are at most so large.
    private int UpTo(double seconds)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_seconds[middle] <= seconds) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    // How many are smaller.
    private int Under(double seconds)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_seconds[middle] < seconds) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
