using SplitInfer.Client.Profiling;

namespace SplitInfer.Client.Policies.Learning;

/// <summary>
/// What heads and encoding cost on the device: the profile, corrected by what was measured since. Not thread-safe.
/// </summary>
internal sealed class DeviceModel
{
    /// <summary>How far a profiled delay is off, relative to itself.</summary>
    private const double MeasuredDeviation = 0.02;

    /// <summary>How far one is off that was only interpolated.</summary>
    private const double InterpolatedDeviation = 0.25;

    /// <summary>How far the device as a whole is from what it was when it was profiled.</summary>
    private const double SlowdownDeviation = 0.1;

    /// <summary>A head this short says nothing of the device's speed.</summary>
    private const double MinSeconds = 50e-6;

    private const double EncodeGain = 0.1;

    private readonly HeadProfile _profile;
    private readonly int[] _partitions;
    private readonly double[] _nominal;
    private readonly double[] _encodes;
    private readonly DelayBelief _heads;
    private HeadDelays _delays;

    public DeviceModel(PolicySetup setup)
    {
        (_profile, _delays) = (setup.Heads, setup.Heads.Current);
        _partitions = [.. setup.Arms.Select(static a => a.Arm.Partition.Index)];
        _encodes = [.. setup.Arms.Select(static a => a.EncodeSeconds)];
        _nominal = new double[_partitions.Length];
        _heads = new(_partitions.Length);
        for (var arm = 0; arm < _partitions.Length; arm++)
        {
            for (var other = 0; other < arm; other++)
                _heads.LogCovariance(arm, other) = _heads.LogCovariance(other, arm) = SlowdownDeviation * SlowdownDeviation;
            Take(arm, slowdown: 1);
        }
    }

    /// <summary>How many times slower than its profile the device is.</summary>
    public double Slowdown => Measures(_nominal.Length - 1) ? _heads.Seconds(_nominal.Length - 1) / _nominal[^1] : 1;

    /// <summary>Decisions since the device's speed was last measured.</summary>
    public int Unmeasured { get; private set; }

    /// <summary>Expected delay of an arm's head and encoding, s.</summary>
    public double Mean(int arm) => (Measures(arm) ? _heads.Seconds(arm) : _nominal[arm]) + _encodes[arm];

    /// <summary>The same while nothing slows the device down.</summary>
    public double Nominal(int arm) => _nominal[arm] + _encodes[arm];

    /// <summary>Covariance of the <see cref="Mean"/>s of two arms, s².</summary>
    public double Covariance(int arm, int other) => _heads.Covariance(arm, other);

    /// <summary>Whether running an arm's head measures the device's speed.</summary>
    public bool Measures(int arm) => _nominal[arm] > MinSeconds;

    /// <summary>Takes over what the profile learned, and counts a decision.</summary>
    public void Advance()
    {
        Unmeasured++;
        if (ReferenceEquals(_delays, _profile.Current)) return;
        var (before, slowdown) = (_delays, Slowdown);
        _delays = _profile.Current;
        for (var arm = 0; arm < _partitions.Length; arm++)
            if (!before.Seconds[_partitions[arm]].Equals(_delays.Seconds[_partitions[arm]])) Take(arm, slowdown);
    }

    /// <summary>Learns how long a head ran, s, more than 0.</summary>
    public void ObserveHead(int arm, double seconds, bool isContended = false)
    {
        if (!Measures(arm)) return;
        Unmeasured = 0;
        _heads.Observe(arm, seconds, isContended);
    }

    /// <summary>Learns how long encoding took, s.</summary>
    public void ObserveEncode(int arm, double seconds) => _encodes[arm] += EncodeGain * (seconds - _encodes[arm]);

    // What was measured of the arm before says nothing beside a newer profile.
    private void Take(int arm, double slowdown)
    {
        var k = _partitions[arm];
        _nominal[arm] = _delays.Seconds[k];
        var deviation = _delays.IsMeasured[k] ? MeasuredDeviation : InterpolatedDeviation;
        _heads.Expect(arm, Math.Max(_nominal[arm] * slowdown, MinSeconds / 10));
        _heads.LogCovariance(arm, arm) = (SlowdownDeviation * SlowdownDeviation) + (deviation * deviation);
    }
}
