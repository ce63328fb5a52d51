using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// What the link costs, learned from requests, which measure r + o + s·b for b bits, and from probes, which measure r alone,
/// so that s is known even where every request sends as many bits. Symbols are those of <see cref="LinkEstimator"/>. Not thread-safe.
/// </summary>
internal sealed class LinkModel
{
    /// <summary>On a device of one core, at first: how far probes scatter relative to their mean, and how long anything may wait for the core, s.</summary>
    private const double SingleCoreProbe = 0.5, SingleCoreJitter = 5e-3;

    /// <summary>On one core the first requests also pay for what is compiled, loaded and looked up beside them, and say nothing if they are slow.</summary>
    private const int ColdRequests = 2;

    /// <summary>Variance of a probe that is doubted, relative to its square.</summary>
    private const double DoubtVariance = 0.5 * 0.5;

    /// <summary>Requests after which r is no longer taken to be what the last probe said.</summary>
    private const int ProbeLifetime = 8;

    private readonly LinkEstimator _estimate;
    private readonly bool _isSingleCore;
    private ChangeDetector _requests;
    private ChangeDetector _probes;
    private int _requestsSinceProbe = ProbeLifetime;
    private int _coldRequests;
    private bool _wasSlow;

    /// <param name="isSingleCore">Whether the device has one core, so that probes wait for what else it does.</param>
    public LinkModel(bool isSingleCore)
    {
        (_isSingleCore, _estimate) = (isSingleCore, new(isSingleCore));
        RequestNoise = isSingleCore ? new(NoiseEstimate.Usual, SingleCoreJitter) : new();
        ProbeNoise = isSingleCore ? new(SingleCoreProbe, SingleCoreJitter) : new();
    }

    /// <summary>What the link is expected to cost.</summary>
    public LinkDelay Delay => _estimate.Delay;

    /// <summary>The link before it became slow.</summary>
    public LinkHistory History { get; } = new();

    /// <summary>Whether any request has measured the link, or others of the device's kind have.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Requests of this run that have measured the link.</summary>
    public int Requests { get; private set; }

    /// <summary>Variance of s relative to its square.</summary>
    public double RelativeVariance => Delay.SlopeVariance / (Delay.SecondsPerBit * Delay.SecondsPerBit);

    /// <summary>Scatter of the requests' link delays.</summary>
    public NoiseEstimate RequestNoise { get; }

    /// <summary>Scatter of the probes.</summary>
    public NoiseEstimate ProbeNoise { get; }

    private bool HasFreshProbe => _requestsSinceProbe < ProbeLifetime;

    /// <summary>Expected delay of a request, s.</summary>
    public double Mean(double bits) => Delay.Mean(bits);

    /// <summary>Covariance of the delays of two requests, s².</summary>
    public double Covariance(double bits, double otherBits) => Delay.Covariance(bits, otherBits);

    /// <summary>Variance of the delay of one request beside that of its mean, s².</summary>
    public double Scatter(double bits) => RequestNoise.Of(_estimate.ScaleSquared([1, 1, bits]));

    /// <summary>Whether the delay of a single request distinguishes this link from another one.</summary>
    public bool CanDistinguish(double bits, in LinkDelay other)
    {
        var difference = Mean(bits) - other.Mean(bits);
        var deviations = _isSingleCore ? 2 : 3;
        return difference * difference > deviations * deviations * (Scatter(bits) + other.Covariance(bits, bits));
    }

    /// <summary>Starts from what others found.</summary>
    /// <param name="seconds">r + o, s.</param>
    /// <param name="secondsPerBit">s.</param>
    public void Suppose(KindBelief seconds, KindBelief secondsPerBit)
    {
        IsKnown = true;
        _estimate.Suppose(seconds, secondsPerBit);
    }

    /// <summary>Learns what a request spent on the link.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">The request's offload delay less the server's own.</param>
    public Change Observe(double bits, double seconds)
    {
        ReadOnlySpan<double> h = [1, 1, bits];
        if (_isSingleCore && !IsKnown && _coldRequests < ColdRequests && seconds > _estimate.Expected(h))
        {
            _coldRequests++;
            return Change.None;
        }

        if (HasFreshProbe) _requestsSinceProbe++;
        IsKnown = true;
        Requests++;
        return Learn(h, seconds, RequestNoise, ref _requests);
    }

    /// <summary>Learns what a payload took on a link on which another one was right ahead of it, so that the round trip is no part of it.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">From when the payload ahead of it had left to when it had.</param>
    public Change ObserveTransfer(double bits, double seconds)
    {
        if (HasFreshProbe) _requestsSinceProbe++;
        IsKnown = true;
        Requests++;
        return Learn([0, 0, bits], seconds, RequestNoise, ref _requests);
    }

    /// <summary>Learns a round-trip time.</summary>
    public Change ObserveRoundTrip(double seconds)
    {
        ReadOnlySpan<double> h = [1, 0, 0];
        _requestsSinceProbe = 0;

        // One slow probe may have waited for the core; two in a row indicate a slower link.
        var isSlow = seconds - _estimate.Expected(h) > ChangeDetector.JumpThreshold * Math.Sqrt(_estimate.Variance(h) + ProbeNoise.Of(_estimate.ScaleSquared(h)));
        _wasSlow = _isSingleCore && isSlow && !_wasSlow;
        if (!_wasSlow) return Learn(h, seconds, ProbeNoise, ref _probes);
        var variance = _estimate.Variance(h);
        var gain = variance / (variance + (DoubtVariance * seconds * seconds));
        _estimate.Update(h, gain * (seconds - _estimate.Expected(h)), gain);
        return Change.None;
    }

    /// <summary>Learns that a request spent more on the link than it was waited for.</summary>
    /// <param name="bits">b, more than 0.</param>
    /// <param name="seconds">How long it was waited for, less what the server was expected to take.</param>
    public void ObserveCensored(double bits, double seconds)
    {
        IsKnown = true;
        ReadOnlySpan<double> h = [1, 1, bits];
        var residual = seconds - _estimate.Expected(h);
        var scatter = RequestNoise.Of(_estimate.ScaleSquared(h));
        if (residual > ChangeDetector.JumpThreshold * Math.Sqrt(_estimate.Variance(h) + scatter)) _estimate.InflateVariance(h, residual * residual, HasFreshProbe);
        var variance = _estimate.Variance(h);
        var deviation = Math.Sqrt(variance + scatter);
        var gain = variance / (variance + scatter);
        var left = TruncatedNormal.Above(residual / deviation);
        _estimate.Update(h, gain * left.Mean * deviation, gain * (1 - left.Variance));
    }

    /// <summary>Writes what was learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(IsKnown ? 1 : 0);
        _estimate.Save(state);
        RequestNoise.Save(state);
        ProbeNoise.Save(state);
    }

    /// <summary>Restores what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        IsKnown = state.Read(0, 1) > 0;
        _estimate.Restore(state);
        RequestNoise.Restore(state);
        ProbeNoise.Restore(state);
    }

    private Change Learn(ReadOnlySpan<double> h, double seconds, NoiseEstimate noise, ref ChangeDetector detector)
    {
        var isProbe = h[2] == 0;
        var expected = _estimate.Expected(h);
        var residual = seconds - expected;
        var variance = _estimate.Variance(h);

        // The round trips of a payload and of the one ahead of it cancel out, but not how they scatter.
        var scale = _estimate.ScaleSquared(h[0] == 0 ? [1, 1, h[2]] : h);

        // What keeps a probe waiting on the device is no part of the round trip, so its lowest values count.
        var isLowProbe = isProbe && residual < 0;
        var scatter = isLowProbe ? noise.Below(scale) : noise.Of(scale);
        noise.Observe(residual, scale, variance);

        // What is a part of the time expected is as far off as what is that many times it.
        // A payload behind another one may seem to take hardly any time only because the one ahead was late.
        var distance = residual < 0 && h[0] > 0 ? Math.Log(seconds / expected) * expected : residual;
        var change = detector.Observe(distance / Math.Sqrt(variance + scatter));
        if (change != Change.None) _estimate.InflateVariance(h, change == Change.Jump ? residual * residual : scatter, !isProbe && HasFreshProbe);

        // Most scatter is relative to the true delay, of which the measurement may say more than what was expected.
        variance = _estimate.Variance(h);
        var revised = expected + (residual * variance / (variance + scatter));
        scale *= revised * revised / (expected * expected);
        scatter = isLowProbe ? noise.Below(scale) : noise.Of(scale);
        var gain = variance / (variance + scatter);
        _estimate.Update(h, gain * residual, gain);
        return change;
    }
}
