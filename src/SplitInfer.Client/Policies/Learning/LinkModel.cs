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

    /// <summary>On a device of one core, at first: how far probes scatter relative to their mean, and how long anything may wait for the core, s.</summary>
    private const double ContendedProbe = 0.5, ContendedJitter = 5e-3;

    private const double MaxSeconds = 1e6;
    private const double MinSecondsPerBit = 1e-12;
    private const double MinRoundTrip = 1e-6;

    /// <summary>Requests after which r is no longer taken to be what the last probe said.</summary>
    private const int ProbeLifetime = 8;

    /// <summary>On one core the first requests also pay for what is compiled, loaded and looked up beside them, and say nothing if they are slow.</summary>
    private const int ColdRequests = 2;

    private readonly GaussianBelief _belief = new(3);
    private ChangeDetector _requests;
    private ChangeDetector _probes;
    private int _requestsSinceProbe = ProbeLifetime;
    private readonly bool _isContended;
    private int _coldRequests;
    private bool _wasSlow;
    private double _fixedVariance;
    private double _crossVariance;

    /// <param name="isContended">Whether the device has one core, so that probes wait for what else it does.</param>
    public LinkModel(bool isContended)
    {
        _isContended = isContended;
        RequestNoise = isContended ? new(NoiseEstimate.Usual, ContendedJitter) : new();
        ProbeNoise = isContended ? new(ContendedProbe, ContendedJitter) : new();
        (_belief.Mean[R], _belief.Mean[S]) = (RoundTripPrior, SecondsPerBitPrior);
        _belief.Covariance(R, R) = RoundTripDeviation * RoundTripDeviation;
        _belief.Covariance(O, O) = OverheadDeviation * OverheadDeviation;
        _belief.Covariance(S, S) = SecondsPerBitDeviation * SecondsPerBitDeviation;
        Publish();
    }

    /// <summary>s.</summary>
    public double SecondsPerBit { get; private set; }

    /// <summary>Variance of s relative to its square.</summary>
    public double RelativeVariance => _belief.Covariance(S, S) / (SecondsPerBit * SecondsPerBit);

    /// <summary>Whether any request has told of the link.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Scatter of the requests' link delays.</summary>
    public NoiseEstimate RequestNoise { get; }

    /// <summary>Scatter of the probes.</summary>
    public NoiseEstimate ProbeNoise { get; }

    private bool HasFreshProbe => _requestsSinceProbe < ProbeLifetime;

    /// <summary>Expected delay of a request, s.</summary>
    public double Mean(double bits) => _belief.Mean[R] + _belief.Mean[O] + (SecondsPerBit * bits);

    /// <summary>Covariance of the delays of two requests, s².</summary>
    public double Covariance(double bits, double otherBits) =>
        _fixedVariance + ((bits + otherBits) * _crossVariance) + (bits * otherBits * _belief.Covariance(S, S));

    /// <summary>Whether a single request would tell that its bits take only a part of the time that is believed.</summary>
    public bool Tells(double bits, double part)
    {
        var difference = (1 - part) * SecondsPerBit * bits;
        return difference * difference > 4 * RequestNoise.Of(ScaleSquared([1, 1, bits]));
    }

    /// <summary>Learns what a request spent on the link.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">The request's offload delay less the server's own.</param>
    /// <param name="isContended">Whether the device also ran the other side of a race: a delay longer than expected then says little.</param>
    public Change Observe(double bits, double seconds, bool isContended)
    {
        ReadOnlySpan<double> h = [1, 1, bits];
        if (_isContended && !IsKnown && _coldRequests < ColdRequests && seconds > Expected(h))
        {
            _coldRequests++;
            return Change.None;
        }

        if (HasFreshProbe) _requestsSinceProbe++;
        IsKnown = true;
        return isContended && LearnLittle(h, seconds, RequestNoise) ? Change.None : Learn(h, seconds, RequestNoise, ref _requests);
    }

    /// <summary>Learns a round-trip time.</summary>
    public Change ObserveRoundTrip(double seconds)
    {
        _requestsSinceProbe = 0;
        // One slow probe may have waited for the device; two in a row tell of the link.
        var isSlow = seconds - _belief.Mean[R] > ChangeDetector.JumpThreshold * Math.Sqrt(_belief.Covariance(R, R) + ProbeNoise.Of(_belief.Mean[R] * _belief.Mean[R]));
        var isDoubted = isSlow && !_wasSlow;
        _wasSlow = isDoubted;
        return isDoubted && LearnLittle([1, 0, 0], seconds, ProbeNoise) ? Change.None : Learn([1, 0, 0], seconds, ProbeNoise, ref _probes);
    }

    /// <summary>Learns that a request spent more on the link than it was waited for.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">How long it was waited for, less what the server was expected to take.</param>
    public void ObserveCensored(double bits, double seconds)
    {
        IsKnown = true;
        ReadOnlySpan<double> h = [1, 1, bits];
        var residual = seconds - Expected(h);
        var scatter = RequestNoise.Of(ScaleSquared(h));
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
        var expected = Expected(h);
        var residual = seconds - expected;
        var variance = _belief.Variance(h);
        var scale = ScaleSquared(h);
        // What keeps a probe waiting on the device is no part of the round trip, so its lowest values count.
        var isLowProbe = h[O] == 0 && residual < 0;
        var scatter = isLowProbe ? noise.Below(scale) : noise.Of(scale);
        noise.Observe(residual, scale, variance);
        // What is a part of the time expected is as far off as what is that many times it.
        var distance = residual < 0 ? Math.Log(seconds / expected) * expected : residual;
        var change = detector.Observe(distance / Math.Sqrt(variance + scatter));
        if (change == Change.Jump) Loosen(h, residual * residual);
        else if (change == Change.Drift) Loosen(h, scatter);

        // Most scatter is relative to the true delay, of which the measurement may say more than what was expected.
        variance = _belief.Variance(h);
        var revised = expected + (residual * variance / (variance + scatter));
        scale *= revised * revised / (expected * expected);
        scatter = isLowProbe ? noise.Below(scale) : noise.Of(scale);
        var gain = variance / (variance + scatter);
        _belief.Reweigh(h, gain * residual, gain);
        for (var i = R; i <= S; i++) _belief.Covariance(i, i) += Wander * Wander * _belief.Mean[i] * _belief.Mean[i];
        Publish();
        return change;
    }

    // A delay that something else on the device may have lengthened: no change is concluded from it. False, and nothing learned, where it is not longer than expected.
    private bool LearnLittle(ReadOnlySpan<double> h, double seconds, NoiseEstimate noise)
    {
        var residual = seconds - Expected(h);
        if (residual <= 0) return false;
        var variance = _belief.Variance(h);
        var gain = variance / (variance + (Contention.Variance * seconds * seconds) + noise.Of(ScaleSquared(h)));
        _belief.Reweigh(h, gain * residual, gain);
        Publish();
        return true;
    }

    private double Expected(ReadOnlySpan<double> h) => (h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]) + (h[S] * _belief.Mean[S]);

    // Round trip and transfer scatter each on its own.
    private double ScaleSquared(ReadOnlySpan<double> h)
    {
        var (roundTrip, transfer) = ((h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]), h[S] * SecondsPerBit);
        return (roundTrip * roundTrip) + (transfer * transfer);
    }

    // Makes room for a change of the sum by the given variance, shared among its terms by how far each may go.
    private void Loosen(ReadOnlySpan<double> h, double variance)
    {
        var r = h[O] > 0 && HasFreshProbe ? 0 : RoundTripJump * _belief.Mean[R];
        var o = h[O] * OverheadJump * _belief.Mean[R];
        var s = BandwidthJump * SecondsPerBit;
        var factor = variance / ((r * r) + (o * o) + (h[S] * h[S] * s * s));
        for (var i = R; i <= S; i++)
            for (var j = R; j <= S; j++)
                if (i != j) _belief.Covariance(i, j) = 0;
        _belief.Covariance(R, R) += factor * r * r;
        _belief.Covariance(O, O) += factor * o * o;
        if (h[S] > 0) _belief.Covariance(S, S) += factor * s * s;
    }

    private void Publish()
    {
        // Gaussian beliefs have no notion of what cannot be.
        _belief.Mean[R] = Math.Max(_belief.Mean[R], MinRoundTrip);
        _belief.Mean[O] = Math.Max(_belief.Mean[O], -_belief.Mean[R] / 2);
        _belief.Mean[S] = Math.Max(_belief.Mean[S], MinSecondsPerBit);

        // What is expected of s, which is above 0: more than its mean where that is uncertain.
        var deviation = Math.Sqrt(_belief.Covariance(S, S));
        SecondsPerBit = _belief.Mean[S] + (TruncatedNormal.Above(-_belief.Mean[S] / deviation).Mean * deviation);
        _fixedVariance = _belief.Covariance(R, R) + (2 * _belief.Covariance(R, O)) + _belief.Covariance(O, O);
        _crossVariance = _belief.Covariance(R, S) + _belief.Covariance(O, S);
    }
}
