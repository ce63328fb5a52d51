using System.Numerics;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// Estimates the delays of one machine, one per row. Their logarithms are jointly Gaussian, so that delays are positive, noise is relative,
/// and a slowdown of the machine is the same shift in all rows. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// m_p   ln of the delay of row p, s
/// P     covariance of m                                             LogCovariance
/// y     a measured delay, s; ln y scatters around m_p
/// q     common variance added to m with each measurement: the machine drifts
/// J     common variance added to m in a jump: up to some 50 times slower or faster
/// </code>
/// On a single core the speed depends on what the machine just did. A jump seen when it switches to another row is therefore attributed
/// mostly to that row. The first run after a switch is often slow because caches are cold: such a measurement gets a larger variance, the
/// slower the larger, unless the previous one for that row was also slow. Rows that are not run return to their usual proportions, where
/// these are known.
/// </remarks>
/// <param name="count">The number of rows.</param>
/// <param name="isSingleCore">Whether the machine has one core, so that its speed depends on what it just did.</param>
internal sealed class DelayEstimator(int count, bool isSingleCore = false)
{
    private const double ProcessNoise = 1e-6; // q
    private const double Jump = 4;      // J

    /// <summary>Additional variance of a slow first run, which may include loading and compiling.</summary>
    private const double FirstRun = 2;

    /// <summary>Share of J that is common to all rows if the jump is seen when the machine switches rows.</summary>
    private const double ChangedArmCommon = 0.25;

    /// <summary>Share of the deviation from its usual proportion that a row loses with each measurement of another one.</summary>
    private const double Return = 0.05;

    /// <summary>Own variance added to each row in a jump, because proportions may change, too.</summary>
    private const double JumpOwn = 0.05 * 0.05;

    /// <summary>An earlier run may have seen the machine half or twice as busy.</summary>
    private const double RestoredCommon = 0.7 * 0.7;

    /// <summary>Bound of the logarithm of a delay in seconds.</summary>
    private const double MaxLog = 30;

    private readonly GaussianEstimate _logs = new(count);
    private readonly double[] _seconds = new double[count];
    private readonly double?[] _usualLogs = new double?[count];
    private readonly bool[] _hasRun = new bool[count];
    private readonly bool[] _wasDoubted = new bool[count];
    private ChangeDetector _detector;
    private int _lastArm = -1;

    /// <summary>Scatter of the measurements.</summary>
    public NoiseEstimate Noise { get; } = new();

    /// <summary>Expected delay of a row, s.</summary>
    public double Seconds(int arm) => _seconds[arm];

    /// <summary>Expected delays of all rows, s.</summary>
    public ReadOnlySpan<double> AllSeconds => _seconds;

    /// <summary>Mean of the logarithms of all delays.</summary>
    public double Level { get; private set; }

    /// <summary>Covariance of the delays of two rows, s².</summary>
    public double Covariance(int arm, int other) => _seconds[arm] * _seconds[other] * _logs.Covariance(arm, other);

    /// <summary>P of a pair.</summary>
    public ref double LogCovariance(int arm, int other) => ref _logs.Covariance(arm, other);

    /// <summary>Sets the expected delay of a row, s, more than 0.</summary>
    public void Expect(int arm, double seconds)
    {
        _seconds[arm] = seconds;
        _logs.Mean[arm] = Math.Log(seconds);
    }

    /// <summary>Sets the usual delay of a row, s, more than 0. Only its proportion to other usual delays matters.</summary>
    public void SetUsual(int arm, double seconds) => _usualLogs[arm] = Math.Log(seconds);

    /// <summary>Takes over what others found a row to take. Rows that are related to it follow.</summary>
    /// <param name="arm">The row.</param>
    /// <param name="log">ln of its delay, s.</param>
    /// <param name="variance">How far that may be off, a variance.</param>
    public void Suppose(int arm, double log, double variance)
    {
        _logs.Condition(arm, log - _logs.Mean[arm], variance, common: 0);
        Publish();
    }

    /// <summary>The machine as a whole may be slower or faster than was supposed.</summary>
    /// <param name="common">Variance of the logarithm of its slowdown.</param>
    public void Doubt(double common)
    {
        for (var i = 0; i < count; i++)
            for (var j = 0; j < count; j++) _logs.Covariance(i, j) += common;
    }

    /// <summary>Whether a row was measured.</summary>
    public bool HasRun(int arm) => _hasRun[arm];

    /// <summary>Replaces the estimate of a row by a multiple of another row, or of itself.</summary>
    /// <param name="arm">The row.</param>
    /// <param name="seconds">Its delay as it is now, s, more than 0.</param>
    /// <param name="other">The row that it is a multiple of.</param>
    /// <param name="variance">Variance of the logarithm of the factor.</param>
    public void Derive(int arm, double seconds, int other, double variance)
    {
        _seconds[arm] = seconds;
        _logs.Mean[arm] = Math.Log(seconds);

        // A sum of two independent quantities, so that P stays positive semidefinite.
        for (var i = 0; i < count; i++) _logs.Covariance(arm, i) = _logs.Covariance(i, arm) = _logs.Covariance(other, i);
        _logs.Covariance(arm, arm) = _logs.Covariance(other, other) + variance;
    }

    /// <summary>Learns a measured delay.</summary>
    /// <param name="arm">The row that was measured.</param>
    /// <param name="seconds">The delay, s, more than 0.</param>
    public Change Observe(int arm, double seconds)
    {
        // The mean of a logarithm is less than the logarithm of the mean.
        var residual = Math.Log(seconds) + (Noise.Variance / 2) - _logs.Mean[arm];
        var expected = _seconds[arm] * _seconds[arm];
        var scatter = Noise.Of(expected) / expected;
        var armChanged = isSingleCore && arm != _lastArm;
        var doubt = residual < 0 ? 0 : !_hasRun[arm] ? FirstRun : armChanged && !_wasDoubted[arm] ? residual * residual : 0;
        (_hasRun[arm], _wasDoubted[arm]) = (true, doubt > 0);
        var variance = _logs.Covariance(arm, arm);
        Noise.Observe(residual * _seconds[arm], expected, (variance + doubt) * expected);
        var change = _detector.Observe(residual / Math.Sqrt(variance + scatter + doubt));
        var common = change switch { Change.Jump => armChanged ? ChangedArmCommon * Jump : Jump, Change.Drift => scatter, _ => ProcessNoise };
        if (change == Change.Jump)
        {
            for (var i = 0; i < count; i++) _logs.Covariance(i, i) += JumpOwn;
            _logs.Covariance(arm, arm) += Jump - common;
        }

        _lastArm = arm;
        _logs.Condition(arm, residual, scatter + doubt, common);
        if (isSingleCore) ReturnToUsual(arm);
        Publish();
        return change;
    }

    /// <summary>Writes what was learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        _logs.Save(state);
        Noise.Save(state);
    }

    /// <summary>Restores what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        _logs.Restore(state, MaxLog);
        Noise.Restore(state);
        Doubt(RestoredCommon);
        Publish();
    }

    private void ReturnToUsual(int measured)
    {
        var logs = _logs.Mean;
        var slowdown = logs[measured] - _usualLogs[measured];
        for (var i = 0; i < count; i++) logs[i] += Return * (_usualLogs[i] + slowdown - logs[i]) ?? 0;
    }

    private void Publish()
    {
        var logs = _logs.Mean;
        var i = 0;
        for (; i <= count - Vector<double>.Count; i += Vector<double>.Count)
            Vector.Exp(new Vector<double>(logs[i..])).CopyTo(_seconds, i);
        for (; i < count; i++) _seconds[i] = Math.Exp(logs[i]);
        Level = Sum(logs) / count;
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values) sum += value;
        return sum;
    }
}
