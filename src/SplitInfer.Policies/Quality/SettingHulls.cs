namespace SplitInfer.Policies.Quality;

/// <summary>
/// The upper concave hulls of a curve's settings, one for each depth that runs may go to: what is best at each price. Computed in place, so that corrections
/// allocate nothing. Not thread-safe while it computes.
/// </summary>
internal sealed class SettingHulls
{
    private readonly QualityCurve _curve;
    private readonly double[] _seconds;
    private readonly double[] _accuracy;
    private readonly int[] _order;
    private readonly int[][] _hulls;
    private readonly int[] _counts;

    public SettingHulls(QualityCurve curve)
    {
        _curve = curve;
        (_seconds, _accuracy, _order) = (new double[curve.Settings.Length], new double[curve.Settings.Length], [.. Enumerable.Range(0, curve.Settings.Length)]);
        (_hulls, _counts) = (new int[curve.Exits.Length][], new int[curve.Exits.Length]);
        for (var depth = 0; depth < _hulls.Length; depth++) _hulls[depth] = new int[curve.Settings.Length];
        Span<double> segments = stackalloc double[curve.Exits.Length];
        for (var e = 0; e < segments.Length; e++) segments[e] = curve.SegmentSeconds(e);
        Compute(segments, []);
    }

    /// <summary>Settings on the hull of those that go no deeper, the cheapest first.</summary>
    public ReadOnlySpan<int> HullOf(int depth) => _hulls[depth].AsSpan(0, _counts[depth]);

    /// <summary>Computes the hulls anew.</summary>
    /// <param name="segments">Seconds from each exit to the next.</param>
    /// <param name="shifts">By how much the accuracy of each exit differs from what was measured beforehand; empty for not at all.</param>
    public void Compute(ReadOnlySpan<double> segments, ReadOnlySpan<double> shifts)
    {
        for (var s = 0; s < _seconds.Length; s++)
        {
            var setting = _curve.Settings[s];
            var (seconds, accuracy) = (0.0, setting.Accuracy);
            for (var e = 0; e <= setting.Depth; e++)
            {
                seconds += setting.Reach[e] * segments[e];
                if (!shifts.IsEmpty) accuracy += setting.Answers(e) * shifts[e];
            }

            (_seconds[s], _accuracy[s]) = (seconds, Math.Clamp(accuracy, 0, 1));
        }

        // Nearly sorted after a correction.
        for (var i = 1; i < _order.Length; i++)
        {
            var (setting, at) = (_order[i], i);
            for (; at > 0 && IsBefore(setting, _order[at - 1]); at--) _order[at] = _order[at - 1];
            _order[at] = setting;
        }

        for (var depth = 0; depth < _hulls.Length; depth++) _counts[depth] = HullInto(_hulls[depth], depth);
    }

    /// <summary>The setting of the highest accuracy less price.</summary>
    /// <param name="depth">The deepest exit that it may go to.</param>
    /// <param name="price">What a second costs, in accuracy of a request of weight 1.</param>
    public int Choose(int depth, double price)
    {
        var hull = HullOf(depth);
        var i = 0;
        while (i + 1 < hull.Length && SlopeAfter(hull, i) > price) i++;
        return hull[i];
    }

    /// <summary>Mean seconds and accuracy of what is chosen when the price scatters evenly by a part of itself, which makes them continuous in it.</summary>
    public (double Seconds, double Accuracy) MeanAt(int depth, double price, double spread)
    {
        var hull = HullOf(depth);
        var (seconds, accuracy) = (_seconds[hull[0]], _accuracy[hull[0]]);
        for (var i = 0; i + 1 < hull.Length; i++)
        {
            var share = ShareBelow(SlopeAfter(hull, i), price, spread);
            seconds += share * (_seconds[hull[i + 1]] - _seconds[hull[i]]);
            accuracy += share * (_accuracy[hull[i + 1]] - _accuracy[hull[i]]);
        }

        return (seconds, accuracy);
    }

    /// <summary>The least and the highest price at which something changes, over all depths; zeros where nothing does.</summary>
    public (double Least, double Highest) Slopes()
    {
        var (least, highest) = (double.PositiveInfinity, 0.0);
        for (var depth = 0; depth < _hulls.Length; depth++)
        {
            var hull = HullOf(depth);
            if (hull.Length < 2) continue;
            (least, highest) = (Math.Min(least, SlopeAfter(hull, hull.Length - 2)), Math.Max(highest, SlopeAfter(hull, 0)));
        }

        return highest > 0 ? (least, highest) : (0, 0);
    }

    private static double ShareBelow(double slope, double price, double spread) =>
        price <= 0 ? 1 : spread <= 0 ? (slope > price ? 1 : 0) : Math.Clamp(((slope / price) - 1 + spread) / (2 * spread), 0, 1);

    private double SlopeAfter(ReadOnlySpan<int> hull, int i) => (_accuracy[hull[i + 1]] - _accuracy[hull[i]]) / (_seconds[hull[i + 1]] - _seconds[hull[i]]);

    // Of two that take equally long the more accurate one comes last, and stays.
    private bool IsBefore(int a, int b) => _seconds[a] < _seconds[b] || (_seconds[a] == _seconds[b] && (_accuracy[a] < _accuracy[b] || (_accuracy[a] == _accuracy[b] && a < b)));

    private int HullInto(int[] hull, int depth)
    {
        var count = 0;
        foreach (var s in _order)
        {
            if (_curve.Settings[s].Depth > depth) continue;
            if (count > 0 && _seconds[s] == _seconds[hull[count - 1]] && _accuracy[s] >= _accuracy[hull[count - 1]]) count--;
            if (count > 0 && _accuracy[s] <= _accuracy[hull[count - 1]]) continue;
            while (count > 1 && IsUnder(hull[count - 2], hull[count - 1], s)) count--;
            hull[count++] = s;
        }

        return count;
    }

    private bool IsUnder(int left, int middle, int right) =>
        (_accuracy[middle] - _accuracy[left]) * (_seconds[right] - _seconds[middle]) <= (_accuracy[right] - _accuracy[middle]) * (_seconds[middle] - _seconds[left]);
}
