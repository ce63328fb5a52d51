
namespace SplitInfer.Policies.Learning;

/// <summary>
/// What is believed of a link: three quantities that every measurement is a sum of. Not thread-safe.
/// </summary>
/// <remarks>
/// The sum is linear in what is unknown, so that measurements of one arm alone never seem to say more than the sum, as
/// they would after linearising at a point that moves.
/// <code>
/// r     round-trip time, s
/// o     what a request takes beyond a probe however few bits it sends, s
/// s     seconds a bit, 1/bandwidth
/// m     mean of (r, o, s), P their covariance                              _belief
/// h     what multiplies (r, o, s): (1, 1, b) for a request of b bits, (1, 0, 0) for a probe
/// </code>
/// </remarks>
internal sealed class LinkBelief
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

    private const double MaxSeconds = 1e6;
    private const double MinSecondsPerBit = 1e-12;
    private const double MinRoundTrip = 1e-6;

    private readonly GaussianBelief _belief = new(3);
    private readonly bool _isContended;

    /// <param name="isContended">Whether jitter makes bits seem to take no time, or less, so that what is expected of s must be told from its mean.</param>
    public LinkBelief(bool isContended)
    {
        _isContended = isContended;
        (_belief.Mean[R], _belief.Mean[S]) = (RoundTripPrior, SecondsPerBitPrior);
        _belief.Covariance(R, R) = RoundTripDeviation * RoundTripDeviation;
        _belief.Covariance(O, O) = OverheadDeviation * OverheadDeviation;
        _belief.Covariance(S, S) = SecondsPerBitDeviation * SecondsPerBitDeviation;
        Publish();
    }

    /// <summary>What requests are expected to cost.</summary>
    public LinkDelay Delay { get; private set; }

    /// <summary>hᵀm, s.</summary>
    public double Expected(ReadOnlySpan<double> h) => (h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]) + (h[S] * _belief.Mean[S]);

    /// <summary>hᵀPh, s².</summary>
    public double Variance(ReadOnlySpan<double> h) => _belief.Variance(h);

    /// <summary>What scatters in proportion, squared, s²: round trip and transfer, each on its own.</summary>
    public double ScaleSquared(ReadOnlySpan<double> h)
    {
        var (roundTrip, transfer) = ((h[R] * _belief.Mean[R]) + (h[O] * _belief.Mean[O]), h[S] * Delay.SecondsPerBit);
        return (roundTrip * roundTrip) + (transfer * transfer);
    }

    /// <summary>Moves hᵀm by <paramref name="shift"/> and its variance by the factor 1 − <paramref name="shrink"/>.</summary>
    public void Reweigh(ReadOnlySpan<double> h, double shift, double shrink)
    {
        _belief.Reweigh(h, shift, shrink);
        for (var i = R; i <= S; i++) _belief.Covariance(i, i) += Wander * Wander * _belief.Mean[i] * _belief.Mean[i];
        Publish();
    }

    /// <summary>Makes room for a change of hᵀm by the given variance, shared among its terms by how far each may go.</summary>
    /// <param name="h">What was measured.</param>
    /// <param name="variance">s².</param>
    /// <param name="keepsRoundTrip">Whether a probe has just said what r is.</param>
    public void Loosen(ReadOnlySpan<double> h, double variance, bool keepsRoundTrip)
    {
        var r = keepsRoundTrip ? 0 : RoundTripJump * Size(R);
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

    /// <summary>Writes m and P.</summary>
    public void Save(PolicyStateWriter state) => _belief.Save(state);

    /// <summary>Goes on from what was saved. The link may be another one by now, so that it is only a better guess.</summary>
    public void Restore(PolicyStateReader state)
    {
        _belief.Restore(state, MaxSeconds);
        for (var i = R; i <= S; i++) _belief.Covariance(i, i) += _belief.Mean[i] * _belief.Mean[i];
        Publish();
    }

    // How large a quantity may well be: not small only because it may be anything.
    private double Size(int i) => Math.Sqrt((_belief.Mean[i] * _belief.Mean[i]) + _belief.Covariance(i, i));

    // Moves one of the three to where it is possible, if it is not, and the others with it as they depend on one another.
    private void Bound(ReadOnlySpan<double> h, double min)
    {
        var mean = Expected(h);
        if (mean < min) _belief.Reweigh(h, min - mean, shrink: 0);
    }

    private void Publish()
    {
        // Gaussian beliefs have no notion of what cannot be.
        Bound([1, 0, 0], MinRoundTrip);
        Bound([0, 1, 0], -OverheadJump * _belief.Mean[R]);
        Bound([0, 0, 1], MinSecondsPerBit);
        _belief.Mean[R] = Math.Max(_belief.Mean[R], MinRoundTrip);

        var (constant, cross) = (_belief.Mean[R] + _belief.Mean[O], _belief.Covariance(R, S) + _belief.Covariance(O, S));
        var variance = _belief.Covariance(R, R) + (2 * _belief.Covariance(R, O)) + _belief.Covariance(O, O);
        GaussianPair possible = new(constant, _belief.Mean[S], variance, cross, _belief.Covariance(S, S));
        if (_isContended) possible = possible.AboveZero();
        Delay = new(possible.X, possible.Y, possible.VarianceX, possible.Covariance, possible.VarianceY);
    }
}
