using System.Numerics;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// What is believed of the delays of one machine, one for each arm: their logarithms are Gaussian, so that a delay is
/// positive, noise is relative, and a slowdown of the machine is the same step in all of them. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// m_p   ln of the delay of arm p, s
/// P     covariance of m                                             LogCovariance
/// y     a measured delay, s; ln y scatters around m_p
/// q     variance that all of m gains together with each measurement: the machine wanders
/// J     variance that all of m gains together in a jump: up to some 50 times slower or faster
/// </code>
/// On a machine whose speed depends on what it just did, a jump seen on turning to another arm more likely says that this arm is
/// not in the proportion to the others that was believed, and so is mostly its own. Turning itself costs caches: the first run
/// after it, if slow, is doubted the more the slower it is, unless the arm's run before was doubted too. And proportions do not
/// last: those of arms that are not run go back to the ones that are usual, where these are known.
/// </remarks>
/// <param name="count">The number of arms.</param>
/// <param name="isContended">Whether the machine has one core, which it was given more or less of by what it just did.</param>
internal sealed class DelayBelief(int count, bool isContended = false)
{
    private const double Wander = 1e-6; // q
    private const double Jump = 4;      // J

    /// <summary>Variance that a slow first run of an arm has beside the scatter: it may also have paid for what is loaded and compiled on the way.</summary>
    private const double FirstRun = 2;

    /// <summary>The part of J that is common to all arms where a jump is seen on turning to another one.</summary>
    private const double TurnedCommon = 0.25;

    /// <summary>By which part of the way an arm goes back to its usual proportion to the one that was measured.</summary>
    private const double Return = 0.05;

    /// <summary>In a jump each delay may also change by itself: what was learned of their proportions is doubted a little.</summary>
    private const double JumpOwn = 0.05 * 0.05;

    /// <summary>An earlier run may have met a machine half or twice as busy.</summary>
    private const double RestoredCommon = 0.7 * 0.7;

    /// <summary>No delay is e³⁰ seconds, nor the reciprocal of it.</summary>
    private const double MaxLog = 30;

    private readonly GaussianBelief _logs = new(count);
    private readonly double[] _seconds = new double[count];
    private readonly double?[] _usualLogs = new double?[count];
    private readonly bool[] _hasRun = new bool[count];
    private readonly bool[] _wasDoubted = new bool[count];
    private ChangeDetector _detector;
    private int _lastArm = -1;

    /// <summary>Scatter of the measurements.</summary>
    public NoiseEstimate Noise { get; } = new();

    /// <summary>Expected delay of an arm, s.</summary>
    public double Seconds(int arm) => _seconds[arm];

    /// <summary>Expected delays of all arms, s.</summary>
    public ReadOnlySpan<double> AllSeconds => _seconds;

    /// <summary>Mean of the logarithms of all delays.</summary>
    public double Level { get; private set; }

    /// <summary>Covariance of the delays of two arms, s².</summary>
    public double Covariance(int arm, int other) => _seconds[arm] * _seconds[other] * _logs.Covariance(arm, other);

    /// <summary>P of a pair.</summary>
    public ref double LogCovariance(int arm, int other) => ref _logs.Covariance(arm, other);

    /// <summary>Sets the expected delay of an arm, s, more than 0.</summary>
    public void Expect(int arm, double seconds)
    {
        _seconds[arm] = seconds;
        _logs.Mean[arm] = Math.Log(seconds);
    }

    /// <summary>Sets what an arm usually takes, s, more than 0. Only proportions to others of which that is known matter.</summary>
    public void SetUsual(int arm, double seconds) => _usualLogs[arm] = Math.Log(seconds);

    /// <summary>Replaces what is believed of an arm: it takes a multiple of what another one does, or of what it did itself.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="seconds">Its delay as it is now, s, more than 0.</param>
    /// <param name="other">The arm that it is compared with.</param>
    /// <param name="variance">Of the logarithm of the factor.</param>
    public void Derive(int arm, double seconds, int other, double variance)
    {
        _seconds[arm] = seconds;
        _logs.Mean[arm] = Math.Log(seconds);

        // The sum of two independent quantities: whatever P was, no variance becomes negative.
        for (var i = 0; i < count; i++) _logs.Covariance(arm, i) = _logs.Covariance(i, arm) = _logs.Covariance(other, i);
        _logs.Covariance(arm, arm) = _logs.Covariance(other, other) + variance;
    }

    /// <summary>Learns a measured delay.</summary>
    /// <param name="arm">The arm that was measured.</param>
    /// <param name="seconds">The delay, s, more than 0.</param>
    public Change Observe(int arm, double seconds)
    {
        // The mean of a logarithm is less than the logarithm of the mean.
        var residual = Math.Log(seconds) + (Noise.Variance / 2) - _logs.Mean[arm];
        var expected = _seconds[arm] * _seconds[arm];
        var scatter = Noise.Of(expected) / expected;
        var hasTurned = isContended && arm != _lastArm;
        var doubt = residual < 0 ? 0 : !_hasRun[arm] ? FirstRun : hasTurned && !_wasDoubted[arm] ? residual * residual : 0;
        (_hasRun[arm], _wasDoubted[arm]) = (true, doubt > 0);
        var variance = _logs.Covariance(arm, arm);
        Noise.Observe(residual * _seconds[arm], expected, (variance + doubt) * expected);
        var change = _detector.Observe(residual / Math.Sqrt(variance + scatter + doubt));
        var common = change switch { Change.Jump => hasTurned ? TurnedCommon * Jump : Jump, Change.Drift => scatter, _ => Wander };
        if (change == Change.Jump)
        {
            for (var i = 0; i < count; i++) _logs.Covariance(i, i) += JumpOwn;
            _logs.Covariance(arm, arm) += Jump - common;
        }

        _lastArm = arm;
        _logs.Condition(arm, residual, scatter + doubt, common);
        if (isContended) ReturnToUsual(arm);
        Publish();
        return change;
    }

    /// <summary>Writes what was learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        _logs.Save(state);
        Noise.Save(state);
    }

    /// <summary>Goes on from what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        _logs.Restore(state, MaxLog);
        Noise.Restore(state);
        for (var i = 0; i < count; i++)
            for (var j = 0; j < count; j++) _logs.Covariance(i, j) += RestoredCommon;
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
