namespace SplitInfer.Policies.Learning;

/// <summary>
/// What codecs make of boundaries: the bits that a payload has, which are learned, and what decoding it takes beyond the fastest codec of
/// the same tail, which is taken as described. Not thread-safe.
/// </summary>
internal sealed class PayloadModel
{
    private const double BitsGain = 0.2;

    /// <summary>The largest part of a server's time that decoding beyond the fastest codec's is taken to be.</summary>
    private const double MaxDecoding = 0.9;

    private readonly int[] _rowOf;
    private readonly double[] _bits;
    private readonly double[] _extraDecoding;
    private readonly double[] _deviations;

    public PayloadModel(PolicySetup setup, ArmTable arms)
    {
        _rowOf = arms.Rows.Payload;
        _bits = new double[arms.Rows.Payloads];
        _deviations = new double[_bits.Length];
        Array.Fill(_deviations, setup.PayloadDeviation);
        for (var arm = 0; arm < arms.Count; arm++) _bits[_rowOf[arm]] = Math.Max(setup.Arms[arm].PayloadBits, 1);
        _extraDecoding = new double[arms.Count];
        foreach (var tail in Enumerable.Range(0, arms.Remotes).GroupBy(arm => (arms[arm].Server, arms.Rows.Tail[arm])))
        {
            var least = tail.Min(arm => setup.Arms[arm].DecodeSeconds);
            foreach (var arm in tail) _extraDecoding[arm] = setup.Arms[arm].DecodeSeconds - least;
        }
    }

    /// <summary>Bits that an arm is expected to send.</summary>
    public double Bits(int arm) => _bits[_rowOf[arm]];

    /// <summary>How far the bits of an arm may be off, a standard deviation; 0 once it has sent some.</summary>
    public double Deviation(int arm) => _deviations[_rowOf[arm]] * _bits[_rowOf[arm]];

    /// <summary>Seconds that decoding an arm's payload takes beyond the fastest codec of the same tail.</summary>
    public double ExtraDecoding(int arm) => _extraDecoding[arm];

    /// <summary>What a server took, s, without <see cref="ExtraDecoding"/>. That may be described as longer than it is, so that a part always remains.</summary>
    public double WithoutExtra(int arm, double serverSeconds) => Math.Max(serverSeconds - _extraDecoding[arm], (1 - MaxDecoding) * serverSeconds);

    /// <summary>Learns how many bits an arm sent, at least 1.</summary>
    public void Observe(int arm, double bits)
    {
        ref var expected = ref _bits[_rowOf[arm]];

        // What was doubted is known once it was sent.
        ref var deviation = ref _deviations[_rowOf[arm]];
        expected += (deviation > 0 ? 1 : BitsGain) * (bits - expected);
        deviation = 0;
    }

    /// <summary>Writes the bits.</summary>
    public void Save(PolicyStateWriter state) => state.Write(_bits);

    /// <summary>Restores the bits of an earlier run.</summary>
    public void Restore(PolicyStateReader state) => state.Read(_bits, 1, 1e15);
}
