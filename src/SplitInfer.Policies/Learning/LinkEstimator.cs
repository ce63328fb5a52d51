using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// Estimates the three quantities of a link of which every measurement is a sum. Not thread-safe.
/// </summary>
/// <remarks>
/// The measurement is linear in the unknowns, so that measurements of a single arm never appear to determine more than their sum, as they
/// would after linearisation at a moving point.
/// <code>
/// r     round-trip time, s
/// o     fixed time of a request beyond that of a probe, s
/// s     seconds a bit, 1/bandwidth
/// m     mean of (r, o, s), P their covariance                              _estimate
/// h     coefficients of (r, o, s): (1, 1, b) for a request of b bits, (0, 0, b) for one right behind another, (1, 0, 0) for a probe
/// </code>
/// </remarks>
internal sealed class LinkEstimator
{
    private const int R = 0, O = 1, S = 2;

    /// <summary>Before anything is measured: means and standard deviations that leave room for satellites and data centres.</summary>
    private const double RoundTripPrior = 0.02, RoundTripDeviation = 0.1;
    private const double OverheadDeviation = 0.001;
    private const double SecondsPerBitPrior = 1 / 16e6, SecondsPerBitDeviation = 1 / 4e6;

    /// <summary>How far each may move in a jump compared with the others, relative to s and r.</summary>
    private const double BandwidthJump = 3, RoundTripJump = 1, OverheadJump = 0.1;

    /// <summary>Relative standard deviation added to each with every measurement.</summary>
    private const double ProcessNoise = 1e-3;

    /// <summary>How far a link is at least from what others found, relative to itself.</summary>
    private const double SupposedDeviation = 0.2;

    private const double MaxSeconds = 1e6;
    private const double MinSecondsPerBit = 1e-12;
    private const double MinRoundTrip = 1e-6;

    private readonly GaussianEstimate _estimate = new(3);
    private readonly bool _isSingleCore;

    /// <param name="isSingleCore">Whether the device has one core: jitter may then make the time per bit appear zero or negative, so that the expectation of s is that of the positive part.</param>
    public LinkEstimator(bool isSingleCore)
    {
        _isSingleCore = isSingleCore;
        (_estimate.Mean[R], _estimate.Mean[S]) = (RoundTripPrior, SecondsPerBitPrior);
        _estimate.Covariance(R, R) = RoundTripDeviation * RoundTripDeviation;
        _estimate.Covariance(O, O) = OverheadDeviation * OverheadDeviation;
        _estimate.Covariance(S, S) = SecondsPerBitDeviation * SecondsPerBitDeviation;
        Publish();
    }

    /// <summary>Expected delay of requests.</summary>
    public LinkDelay Delay { get; private set; }

    /// <summary>hᵀm, s.</summary>
    public double Expected(ReadOnlySpan<double> h) => (h[R] * _estimate.Mean[R]) + (h[O] * _estimate.Mean[O]) + (h[S] * _estimate.Mean[S]);

    /// <summary>hᵀPh, s².</summary>
    public double Variance(ReadOnlySpan<double> h) => _estimate.Variance(h);

    /// <summary>Sum of squares of the terms that scatter in proportion to their size, s²: round trip and transfer.</summary>
    public double ScaleSquared(ReadOnlySpan<double> h)
    {
        var (roundTrip, transfer) = ((h[R] * _estimate.Mean[R]) + (h[O] * _estimate.Mean[O]), h[S] * Delay.SecondsPerBit);
        return (roundTrip * roundTrip) + (transfer * transfer);
    }

    /// <summary>Moves hᵀm by <paramref name="shift"/> and its variance by the factor 1 − <paramref name="shrink"/>.</summary>
    public void Update(ReadOnlySpan<double> h, double shift, double shrink)
    {
        _estimate.Update(h, shift, shrink);
        for (var i = R; i <= S; i++) _estimate.Covariance(i, i) += ProcessNoise * ProcessNoise * _estimate.Mean[i] * _estimate.Mean[i];
        Publish();
    }

    /// <summary>Adds the given variance to hᵀm, shared among its terms by how far each may move.</summary>
    /// <param name="h">What was measured.</param>
    /// <param name="variance">s².</param>
    /// <param name="keepsRoundTrip">Whether a probe has just measured r.</param>
    public void InflateVariance(ReadOnlySpan<double> h, double variance, bool keepsRoundTrip)
    {
        var r = keepsRoundTrip ? 0 : h[R] * RoundTripJump * Size(R);
        var o = h[O] * OverheadJump * _estimate.Mean[R];
        var s = BandwidthJump * Size(S);
        var factor = variance / ((r * r) + (o * o) + (h[S] * h[S] * s * s));
        for (var i = R; i <= S; i++)
            for (var j = R; j <= S; j++)
                if (i != j) _estimate.Covariance(i, j) = 0;
        _estimate.Covariance(R, R) += factor * r * r;
        _estimate.Covariance(O, O) += Math.Min(factor, 1) * o * o;
        if (h[S] > 0) _estimate.Covariance(S, S) += factor * s * s;
    }

    /// <summary>Starts from what others found, with o as it is.</summary>
    /// <param name="seconds">r, s.</param>
    /// <param name="secondsPerBit">s.</param>
    public void Suppose(KindBelief seconds, KindBelief secondsPerBit)
    {
        (_estimate.Mean[R], _estimate.Mean[S]) = (seconds.Value, secondsPerBit.Value);
        _estimate.Covariance(R, R) = seconds.Value * seconds.Value * (seconds.Variance + (SupposedDeviation * SupposedDeviation));
        _estimate.Covariance(S, S) = secondsPerBit.Value * secondsPerBit.Value * (secondsPerBit.Variance + (SupposedDeviation * SupposedDeviation));
        Publish();
    }

    /// <summary>Writes m and P.</summary>
    public void Save(PolicyStateWriter state) => _estimate.Save(state);

    /// <summary>Restores a saved estimate. The link may have changed meanwhile, so that the restored variances are increased.</summary>
    public void Restore(PolicyStateReader state)
    {
        _estimate.Restore(state, MaxSeconds);
        for (var i = R; i <= S; i++) _estimate.Covariance(i, i) += _estimate.Mean[i] * _estimate.Mean[i];
        Publish();
    }

    // Plausible size of a quantity, which is not small merely because its mean is.
    private double Size(int i) => Math.Sqrt((_estimate.Mean[i] * _estimate.Mean[i]) + _estimate.Covariance(i, i));

    // Moves an impossible mean to the nearest possible one, and the others with it according to their covariance.
    private void Bound(ReadOnlySpan<double> h, double min)
    {
        var mean = Expected(h);
        if (mean < min) _estimate.Update(h, min - mean, shrink: 0);
    }

    private void Publish()
    {
        // A Gaussian also covers impossible values.
        Bound([1, 0, 0], MinRoundTrip);
        Bound([0, 1, 0], -OverheadJump * _estimate.Mean[R]);
        Bound([0, 0, 1], MinSecondsPerBit);
        _estimate.Mean[R] = Math.Max(_estimate.Mean[R], MinRoundTrip);

        var (constant, cross) = (_estimate.Mean[R] + _estimate.Mean[O], _estimate.Covariance(R, S) + _estimate.Covariance(O, S));
        var variance = _estimate.Covariance(R, R) + (2 * _estimate.Covariance(R, O)) + _estimate.Covariance(O, O);
        GaussianPair possible = new(constant, _estimate.Mean[S], variance, cross, _estimate.Covariance(S, S));
        if (_isSingleCore) possible = possible.AboveZero();
        Delay = new(possible.X, possible.Y, possible.VarianceX, possible.Covariance, possible.VarianceY);
    }
}
