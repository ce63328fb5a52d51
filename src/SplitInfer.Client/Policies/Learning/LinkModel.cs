using SplitInfer.Client.Policies.State;

namespace SplitInfer.Client.Policies.Learning;

/// <summary>
/// What the link costs: r + o + s·b for b bits. Requests measure the sum and round-trip probes r alone, so that s is
/// known even where every request sends as many bits. Not thread-safe.
/// </summary>
/// <remarks>
/// The sum is linear in what is unknown, so that measurements of one arm alone never seem to say more than the sum, as
/// they would after linearising at a point that moves.
/// <code>
/// r     round-trip time, s
/// o     what a request takes beyond a probe however few bits it sends, s
/// s     seconds a bit, 1/bandwidth
/// m     mean of (r, o, s), P their covariance                              _belief
/// h     what multiplies (r, o, s): (1, 1, b), or (1, 0, 0) for a probe
/// V     hᵀPh: variance of what is expected
/// </code>
/// </remarks>
internal sealed class LinkModel
{
    private const int R = 0, O = 1, S = 2;

    /// <summary>Before anything is measured: means and standard deviations that leave room for satellites and data centres.</summary>
    private const double RoundTripPrior = 0.02, RoundTripDeviation = 0.1;
    private const double OverheadDeviation = 0.001;
    private const double SecondsPerBitPrior = 1 / 16e6, SecondsPerBitDeviation = 1 / 4e6;

    /// <summary>How far each goes in a jump, beside the others, relative to s and r.</summary>
    private const double BandwidthJump = 3, RoundTripJump = 1, OverheadJump = 0.1;

    /// <summary>Standard deviation that each gains with every measurement, relative to itself.</summary>
    private const double Wander = 1e-3;

    /// <summary>Delays scatter by 20 µs whatever their mean: timers and schedulers.</summary>
    private const double JitterVariance = 20e-6 * 20e-6;

    private const double MaxSeconds = 1e6;
    private const double MinSecondsPerBit = 1e-12;
    private const double MinRoundTrip = 1e-6;

    /// <summary>Requests after which r is no longer taken to be what the last probe said.</summary>
    private const int ProbeLifetime = 8;

    private readonly GaussianBelief _belief = new(3);
    private ChangeDetector _requests;
    private ChangeDetector _probes;
    private int _requestsSinceProbe = ProbeLifetime;

    public LinkModel()
    {
        (_belief.Mean[R], _belief.Mean[S]) = (RoundTripPrior, SecondsPerBitPrior);
        _belief.Covariance(R, R) = RoundTripDeviation * RoundTripDeviation;
        _belief.Covariance(O, O) = OverheadDeviation * OverheadDeviation;
        _belief.Covariance(S, S) = SecondsPerBitDeviation * SecondsPerBitDeviation;
        Publish();
    }

    /// <summary>What the link is expected to cost.</summary>
    public LinkDelay Delay { get; private set; }

    /// <summary>What it may go back to.</summary>
    public LinkMemory Memory { get; } = new();

    /// <summary>s.</summary>
    public double SecondsPerBit => _belief.Mean[S];

    /// <summary>Variance of s relative to its square.</summary>
    public double RelativeVariance => _belief.Covariance(S, S) / (SecondsPerBit * SecondsPerBit);

    /// <summary>Whether any request was ever sent.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Scatter of the requests' link delays.</summary>
    public NoiseEstimate RequestNoise { get; } = new();

    /// <summary>Scatter of the probes.</summary>
    public NoiseEstimate ProbeNoise { get; } = new();

    private bool HasFreshProbe => _requestsSinceProbe < ProbeLifetime;

    /// <summary>Expected delay of a request, s.</summary>
    public double Mean(double bits) => Delay.Mean(bits);

    /// <summary>Covariance of the delays of two requests, s².</summary>
    public double Covariance(double bits, double otherBits) => Delay.Covariance(bits, otherBits);

    /// <summary>Whether a single request would tell this link from another one.</summary>
    public bool Tells(double bits, in LinkDelay other)
    {
        var difference = Mean(bits) - other.Mean(bits);
        var scatter = (RequestNoise.Variance * ScaleSquared([1, 1, bits])) + JitterVariance + other.Covariance(bits, bits);
        return difference * difference > 9 * scatter;
    }

    /// <summary>Learns what a request spent on the link.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">The request's offload delay less the server's own.</param>
    public Change Observe(double bits, double seconds)
    {
        var change = Learn([1, 1, bits], seconds, RequestNoise, ref _requests);
        IsKnown = true;
        if (HasFreshProbe) _requestsSinceProbe++;
        return change;
    }

    /// <summary>Learns a round-trip time.</summary>
    public Change ObserveRoundTrip(double seconds)
    {
        _requestsSinceProbe = 0;
        return Learn([1, 0, 0], seconds, ProbeNoise, ref _probes);
    }

    /// <summary>Learns that a request spent more on the link than it was waited for.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">How long it was waited for, less what the server was expected to take.</param>
    public void ObserveCensored(double bits, double seconds)
    {
        IsKnown = true;
        ReadOnlySpan<double> h = [1, 1, bits];
        var residual = seconds - Mean(bits);
        var scatter = (RequestNoise.Variance * ScaleSquared(h)) + JitterVariance;
        if (residual > ChangeDetector.JumpThreshold * Math.Sqrt(_belief.Variance(h) + scatter)) Loosen(h, residual * residual);
        var variance = _belief.Variance(h);
        var deviation = Math.Sqrt(variance + scatter);
        var gain = variance / (variance + scatter);
        var left = TruncatedNormal.Above(residual / deviation);
        _belief.Reweigh(h, gain * left.Mean * deviation, gain * (1 - left.Variance));
        Publish();
    }

    /// <summary>Writes what was learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(IsKnown ? 1 : 0);
        _belief.Save(state);
        RequestNoise.Save(state);
        ProbeNoise.Save(state);
    }

    /// <summary>Goes on from what an earlier run learned. The link may be another one by now, so that it is only a better guess.</summary>
    public void Restore(PolicyStateReader state)
    {
        IsKnown = state.Read(0, 1) > 0;
        _belief.Restore(state, MaxSeconds);
        RequestNoise.Restore(state);
        ProbeNoise.Restore(state);
        for (var i = R; i <= S; i++) _belief.Covariance(i, i) += _belief.Mean[i] * _belief.Mean[i];
        Publish();
    }

    private Change Learn(ReadOnlySpan<double> h, double seconds, NoiseEstimate noise, ref ChangeDetector detector)
    {
        var expected = (h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]) + (h[S] * _belief.Mean[S]);
        var residual = seconds - expected;
        var variance = _belief.Variance(h);
        var scale = ScaleSquared(h);
        var scatter = (noise.Variance * scale) + JitterVariance;
        noise.Observe(residual / Math.Sqrt(scale), (variance + JitterVariance) / scale);
        var change = detector.Observe(residual / Math.Sqrt(variance + scatter));
        if (change == Change.Jump) Loosen(h, residual * residual);
        else if (change == Change.Drift) Loosen(h, scatter);

        // Scatter is relative to the true delay, of which the measurement may say more than what was expected.
        variance = _belief.Variance(h);
        var revised = expected + (residual * variance / (variance + scatter));
        scatter *= revised * revised / (expected * expected);
        var gain = variance / (variance + scatter);
        _belief.Reweigh(h, gain * residual, gain);
        for (var i = R; i <= S; i++) _belief.Covariance(i, i) += Wander * Wander * _belief.Mean[i] * _belief.Mean[i];
        Publish();
        return change;
    }

    // Round trip and transfer scatter each on its own.
    private double ScaleSquared(ReadOnlySpan<double> h)
    {
        var (roundTrip, transfer) = ((h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]), h[S] * _belief.Mean[S]);
        return (roundTrip * roundTrip) + (transfer * transfer);
    }

    // Makes room for a change of the sum by the given variance, shared among its terms by how far each may go.
    private void Loosen(ReadOnlySpan<double> h, double variance)
    {
        var r = h[O] > 0 && HasFreshProbe ? 0 : RoundTripJump * Size(R);
        var o = h[O] * OverheadJump * _belief.Mean[R];
        var s = BandwidthJump * Size(S);
        var factor = variance / ((r * r) + (o * o) + (h[S] * h[S] * s * s));
        for (var i = R; i <= S; i++)
            for (var j = R; j <= S; j++)
                if (i != j) _belief.Covariance(i, j) = 0;
        _belief.Covariance(R, R) += factor * r * r;
        _belief.Covariance(O, O) += Math.Min(factor, 1) * o * o;
        if (h[S] > 0) _belief.Covariance(S, S) += factor * s * s;
    }

    // How large a quantity may well be: not small only because it may be anything.
    private double Size(int i) => Math.Sqrt((_belief.Mean[i] * _belief.Mean[i]) + _belief.Covariance(i, i));

    // Moves one of the three to where it is possible, if it is not, and the others with it as they depend on one another.
    private void Bound(ReadOnlySpan<double> h, double min)
    {
        var mean = (h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]) + (h[S] * _belief.Mean[S]);
        if (mean < min) _belief.Reweigh(h, min - mean, shrink: 0);
    }

    private void Publish()
    {
        // Gaussian beliefs have no notion of what cannot be.
        Bound([1, 0, 0], MinRoundTrip);
        Bound([0, 1, 0], -OverheadJump * _belief.Mean[R]);
        Bound([0, 0, 1], MinSecondsPerBit);
        _belief.Mean[R] = Math.Max(_belief.Mean[R], MinRoundTrip);
        Delay = new(
            _belief.Mean[R] + _belief.Mean[O],
            _belief.Mean[S],
            _belief.Covariance(R, R) + (2 * _belief.Covariance(R, O)) + _belief.Covariance(O, O),
            _belief.Covariance(R, S) + _belief.Covariance(O, S),
            _belief.Covariance(S, S));
    }
}
