namespace SplitInfer.Policies;

/// <summary>
/// How long the head of every partition runs on this device when nothing disturbs it. Heads are measured as whole
/// prefixes: their delays are not monotone, so they are never sums of layers. A head that was not measured yet lies
/// between its measured neighbours, in proportion to its work. Safe for concurrent use.
/// </summary>
public sealed class HeadProfile
{
    private readonly double[] _work;
    private readonly Lock _writing = new();
    private volatile HeadDelays _delays;

    /// <summary>Makes a profile in which nothing is measured.</summary>
    /// <param name="headWork">Multiply-accumulates of the head of every partition 0 … P.</param>
    public HeadProfile(ReadOnlySpan<double> headWork)
    {
        ArgumentOutOfRangeException.ThrowIfZero(headWork.Length, nameof(headWork));
        _work = headWork.ToArray();
        _delays = new(new double[_work.Length], new bool[_work.Length]);
    }

    /// <summary>The number of partitions, P + 1.</summary>
    public int Count => _work.Length;

    /// <summary>The delays as they are known at this moment. The object changes whenever a measurement comes in.</summary>
    internal HeadDelays Current => _delays;

    /// <summary>Takes a measurement over any earlier one.</summary>
    /// <param name="partition">The partition whose head ran.</param>
    /// <param name="seconds">How long it ran, at best the median of a few runs.</param>
    public void Record(int partition, double seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seconds);
        if (!double.IsFinite(seconds)) throw new ArgumentOutOfRangeException(nameof(seconds));
        lock (_writing)
        {
            var delays = (double[])_delays.Seconds.Clone();
            var measured = (bool[])_delays.IsMeasured.Clone();
            (delays[partition], measured[partition]) = (seconds, true);
            Interpolate(delays, measured);
            _delays = new(delays, measured);
        }
    }

    /// <summary>Seconds that the head of <paramref name="partition"/> runs; interpolated where it was not measured, 0 where nothing was.</summary>
    public double SecondsOf(int partition) => _delays.Seconds[partition];

    /// <summary>Whether the head of <paramref name="partition"/> was measured.</summary>
    public bool IsMeasured(int partition) => _delays.IsMeasured[partition];

    private void Interpolate(double[] delays, bool[] measured)
    {
        for (var k = 0; k < delays.Length; k++)
        {
            if (measured[k]) continue;
            var (before, after) = (Neighbour(measured, k, -1), Neighbour(measured, k, +1));
            var (lowWork, lowDelay) = before < 0 ? (0, 0) : (_work[before], delays[before]);
            if (after < 0)
                delays[k] = lowWork > 0 ? lowDelay * _work[k] / lowWork : lowDelay;
            else if (_work[after] > lowWork)
                delays[k] = lowDelay + ((delays[after] - lowDelay) * Math.Clamp((_work[k] - lowWork) / (_work[after] - lowWork), 0, 1));
            else
                delays[k] = lowDelay;
        }
    }

    private static int Neighbour(bool[] measured, int k, int step)
    {
        for (k += step; k >= 0 && k < measured.Length; k += step)
            if (measured[k]) return k;
        return -1;
    }
}

/// <summary>What a <see cref="HeadProfile"/> knew at one moment. Neither array changes afterwards.</summary>
/// <param name="Seconds">Delay of the head of every partition.</param>
/// <param name="IsMeasured">Which of them were measured rather than interpolated.</param>
internal sealed record HeadDelays(double[] Seconds, bool[] IsMeasured);
