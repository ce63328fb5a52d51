using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// How long the head of every cut of every variant runs on this device when nothing disturbs it. Heads are measured as whole
/// prefixes: their delays are not monotone, so they are never sums of layers. A head that was not measured yet lies
/// between its measured neighbours of the same variant, in proportion to its work. Safe for concurrent use.
/// </summary>
public sealed class HeadProfile
{
    private readonly double[] _work;
    private readonly int[] _firstRow;
    private readonly Lock _writing = new();
    private volatile HeadDelays _delays;

    /// <summary>Makes a profile of one variant in which nothing is measured.</summary>
    /// <param name="headWork">Multiply-accumulates of the head of every partition 0 … P.</param>
    public HeadProfile(ReadOnlySpan<double> headWork) : this([[.. headWork]]) { }

    /// <summary>Makes a profile of several variants in which nothing is measured.</summary>
    /// <param name="headWork">By variant: multiply-accumulates of the head of every partition 0 … P.</param>
    public HeadProfile(ImmutableArray<ImmutableArray<double>> headWork)
    {
        ArgumentOutOfRangeException.ThrowIfZero(headWork.Length, nameof(headWork));
        foreach (var work in headWork) ArgumentOutOfRangeException.ThrowIfZero(work.Length, nameof(headWork));
        _work = [.. headWork.SelectMany(static work => work)];
        _firstRow = new int[headWork.Length + 1];
        for (var variant = 0; variant < headWork.Length; variant++) _firstRow[variant + 1] = _firstRow[variant] + headWork[variant].Length;
        _delays = new(new double[_work.Length], new bool[_work.Length]);
    }

    /// <summary>The number of variants.</summary>
    public int Variants => _firstRow.Length - 1;

    /// <summary>The number of partitions of variant 0, P + 1.</summary>
    public int Count => CountOf(variant: 0);

    /// <summary>The delays as they are known at this moment. The object changes whenever a measurement comes in.</summary>
    internal HeadDelays Current => _delays;

    /// <summary>The number of partitions of a variant, P + 1.</summary>
    public int CountOf(int variant) => _firstRow[variant + 1] - _firstRow[variant];

    /// <summary>Takes a measurement of variant 0 over any earlier one.</summary>
    /// <param name="partition">The partition whose head ran.</param>
    /// <param name="seconds">How long it ran, at best the median of a few runs.</param>
    public void Record(int partition, double seconds) => Record(variant: 0, partition, seconds);

    /// <summary>Takes a measurement over any earlier one.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="partition">Its partition whose head ran.</param>
    /// <param name="seconds">How long it ran, at best the median of a few runs.</param>
    public void Record(int variant, int partition, double seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seconds);
        if (!double.IsFinite(seconds)) throw new ArgumentOutOfRangeException(nameof(seconds));
        lock (_writing)
        {
            var row = RowOf(variant, partition);
            var delays = (double[])_delays.Seconds.Clone();
            var measured = (bool[])_delays.IsMeasured.Clone();
            (delays[row], measured[row]) = (seconds, true);
            var rows = _firstRow[variant].._firstRow[variant + 1];
            Interpolate(_work.AsSpan(rows), delays.AsSpan(rows), measured.AsSpan(rows));
            _delays = new(delays, measured);
        }
    }

    /// <summary>Seconds that the head of <paramref name="partition"/> of variant 0 runs; interpolated where it was not measured, 0 where nothing was.</summary>
    public double SecondsOf(int partition) => SecondsOf(variant: 0, partition);

    /// <summary>Seconds that the head of <paramref name="partition"/> of a variant runs; interpolated where it was not measured, 0 where nothing was.</summary>
    public double SecondsOf(int variant, int partition) => _delays.Seconds[RowOf(variant, partition)];

    /// <summary>Whether the head of <paramref name="partition"/> of variant 0 was measured.</summary>
    public bool IsMeasured(int partition) => IsMeasured(variant: 0, partition);

    /// <summary>Whether the head of <paramref name="partition"/> of a variant was measured.</summary>
    public bool IsMeasured(int variant, int partition) => _delays.IsMeasured[RowOf(variant, partition)];

    /// <summary>Multiply-accumulates of a head.</summary>
    internal double WorkOf(int variant, int partition) => _work[RowOf(variant, partition)];

    /// <summary>The place of a head in the arrays of <see cref="HeadDelays"/>.</summary>
    internal int RowOf(int variant, int partition)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, CountOf(variant));
        return _firstRow[variant] + partition;
    }

    private static void Interpolate(ReadOnlySpan<double> work, Span<double> delays, ReadOnlySpan<bool> measured)
    {
        for (var k = 0; k < delays.Length; k++)
        {
            if (measured[k]) continue;
            var (before, after) = (Neighbour(measured, k, -1), Neighbour(measured, k, +1));
            var (lowWork, lowDelay) = before < 0 ? (0, 0) : (work[before], delays[before]);
            if (after < 0)
                delays[k] = lowWork > 0 ? lowDelay * work[k] / lowWork : lowDelay;
            else if (work[after] > lowWork)
                delays[k] = lowDelay + ((delays[after] - lowDelay) * Math.Clamp((work[k] - lowWork) / (work[after] - lowWork), 0, 1));
            else
                delays[k] = lowDelay;
        }
    }

    private static int Neighbour(ReadOnlySpan<bool> measured, int k, int step)
    {
        for (k += step; k >= 0 && k < measured.Length; k += step)
            if (measured[k]) return k;
        return -1;
    }
}

/// <summary>What a <see cref="HeadProfile"/> knew at one moment. Neither array changes afterwards.</summary>
/// <param name="Seconds">Delay of the head of every partition, variant after variant.</param>
/// <param name="IsMeasured">Which of them were measured rather than interpolated.</param>
internal sealed record HeadDelays(double[] Seconds, bool[] IsMeasured);
