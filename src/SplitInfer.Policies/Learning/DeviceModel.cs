using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// What heads and encoding cost on the device: the profile, corrected by what was measured since. Not thread-safe.
/// </summary>
internal sealed class DeviceModel
{
    /// <summary>How far one is off that a single request measured.</summary>
    private const double SingleRunDeviation = 0.2;

    /// <summary>How far one is off that was only interpolated.</summary>
    private const double InterpolatedDeviation = 0.25;

    /// <summary>How far the device as a whole is from what it was when it was profiled.</summary>
    private const double SlowdownDeviation = 0.1;

    /// <summary>Heads shorter than this do not reveal the device's speed.</summary>
    private const double MinSeconds = 50e-6;

    /// <summary>Lower bound of a head's delay, s, because its logarithm is taken.</summary>
    private const double LeastSeconds = MinSeconds / 10;

    /// <summary>How fast encoding is learned: a long one may have been disturbed, a short one cannot.</summary>
    private const double EncodeGain = 0.1, ShortEncodeGain = 0.5;

    private readonly HeadProfile _profile;
    private readonly int[] _headRow;
    private readonly int[] _payloadRow;
    private readonly int _whole;
    private readonly int[] _profileRow;
    private readonly double[] _nominal;
    private readonly double[] _means;
    private readonly double[] _encodes;
    private readonly bool[] _hasEncoded;
    private readonly bool[] _isUsual;
    private readonly DelayEstimator _heads;
    private HeadDelays _delays;

    public DeviceModel(PolicySetup setup, ArmTable arms)
    {
        (_profile, _delays) = (setup.Heads, setup.Heads.Current);
        (_headRow, _payloadRow, _whole) = (arms.Rows.Head, arms.Rows.Payload, arms.Rows.Head[arms.Main]);
        _encodes = new double[arms.Rows.Payloads];
        _hasEncoded = new bool[_encodes.Length];
        _profileRow = new int[arms.Rows.Heads];
        (_nominal, _means) = (new double[_profileRow.Length], new double[_profileRow.Length]);
        _heads = new(_profileRow.Length, isSingleCore: setup.IsSingleCore);
        _isUsual = new bool[_profileRow.Length];
        var kind = new KindBelief?[_profileRow.Length];
        for (var arm = 0; arm < arms.Count; arm++)
        {
            _encodes[_payloadRow[arm]] = setup.Arms[arm].EncodeSeconds;
            _profileRow[_headRow[arm]] = arms.Rows.Profile[arm];
            kind[_headRow[arm]] = setup.Prior.Find(KindLearning.HeadOf(arms[arm]));
        }

        for (var head = 0; head < _profileRow.Length; head++)
        {
            for (var other = 0; other < head; other++)
                _heads.LogCovariance(head, other) = _heads.LogCovariance(other, head) = SlowdownDeviation * SlowdownDeviation;
            var isMeasured = _delays.IsMeasured[_profileRow[head]];
            _isUsual[head] = !isMeasured && kind[head] is not null;
            _nominal[head] = _isUsual[head] ? kind[head]!.Value.Value : _delays.Seconds[_profileRow[head]];
            _heads.Expect(head, Math.Max(_nominal[head], LeastSeconds));
            if (isMeasured) _heads.SetUsual(head, Math.Max(_nominal[head], LeastSeconds));
            _heads.LogCovariance(head, head) = (SlowdownDeviation * SlowdownDeviation) + (isMeasured ? Square(setup.HeadDeviation) : kind[head]?.Variance ?? Square(InterpolatedDeviation));
        }

        Publish();
    }

    /// <summary>How many times slower than its profile the device is.</summary>
    public double Slowdown => _nominal[_whole] > MinSeconds ? _heads.Seconds(_whole) / _nominal[_whole] : 1;

    /// <summary>Scatter of the heads.</summary>
    public NoiseEstimate Noise => _heads.Noise;

    /// <summary>Decisions since the device's speed was last measured.</summary>
    public int Unmeasured { get; private set; }

    /// <summary>Expected delays of the heads, s, by <see cref="ArmRows.Head"/>.</summary>
    public ReadOnlySpan<double> Heads => _means;

    /// <summary>Expected delay of an arm's head, s.</summary>
    public double Head(int arm) => _means[_headRow[arm]];

    /// <summary>Expected delay of an arm's head and encoding, s.</summary>
    public double Mean(int arm) => _means[_headRow[arm]] + _encodes[_payloadRow[arm]];

    /// <summary>Delay of an arm's head while nothing slows the device down, s.</summary>
    public double NominalHead(int arm) => _nominal[_headRow[arm]];

    /// <summary>Expected delay of encoding an arm's boundary until its first bytes can leave, s.</summary>
    public double Encode(int arm) => _encodes[_payloadRow[arm]];

    /// <summary>Covariance of the <see cref="Mean"/>s of two arms, s².</summary>
    public double Covariance(int arm, int other) => _heads.Covariance(_headRow[arm], _headRow[other]);

    /// <summary>Whether running an arm's head measures the device's speed.</summary>
    public bool Measures(int arm) => _nominal[_headRow[arm]] > MinSeconds;

    /// <summary>Takes over what the profile learned, and counts a decision.</summary>
    public void Advance()
    {
        Unmeasured++;
        if (ReferenceEquals(_delays, _profile.Current)) return;
        var (before, slowdown) = (_delays, Slowdown);
        _delays = _profile.Current;
        for (var head = 0; head < _profileRow.Length; head++)
        {
            var k = _profileRow[head];
            if (_isUsual[head] && !_delays.IsMeasured[k]) continue;
            if (!before.IsMeasured[k] && !before.Seconds[k].Equals(_delays.Seconds[k])) Take(head, slowdown);
        }

        Publish();
    }

    /// <summary>Learns how long a head ran.</summary>
    /// <param name="arm">The arm whose head it was.</param>
    /// <param name="seconds">s, more than 0.</param>
    public void ObserveHead(int arm, double seconds)
    {
        if (!Measures(arm)) return;
        Unmeasured = 0;
        _heads.Observe(_headRow[arm], seconds);
        Publish();
    }

    /// <summary>Learns how long encoding took, s.</summary>
    public void ObserveEncode(int arm, double seconds)
    {
        // The first time also pays for what is compiled on the way.
        var row = _payloadRow[arm];
        if (_hasEncoded[row] || seconds < _encodes[row])
            _encodes[row] += (seconds < _encodes[row] ? ShortEncodeGain : EncodeGain) * (seconds - _encodes[row]);
        _hasEncoded[row] = true;
    }

    // The first request that measures a head does so on the device as it is; what later ones measure is learned from them. What
    // is interpolated better now than before replaces whatever was believed.
    private void Take(int head, double slowdown)
    {
        var k = _profileRow[head];
        var isMeasured = _delays.IsMeasured[k];
        _nominal[head] = _delays.Seconds[k] / (isMeasured ? slowdown : 1);
        _heads.Derive(head, Math.Max(_nominal[head] * slowdown, LeastSeconds), _whole, Square(isMeasured ? SingleRunDeviation : InterpolatedDeviation));
    }

    private void Publish()
    {
        for (var head = 0; head < _means.Length; head++) _means[head] = _nominal[head] > MinSeconds ? _heads.Seconds(head) : _nominal[head];
    }

    private static double Square(double x) => x * x;
}
