
namespace SplitInfer.Policies.Learning;

/// <summary>
/// How far measurements of one kind scatter. It decides what counts as a change, so it starts wide, and no single
/// measurement moves it far. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// m   what scatters in proportion, s
/// V   variance relative to m²
/// T   variance that is there whatever the mean, s²: timers, schedulers, a core that is given out in slices
/// u   variance of what was expected, s²
/// z   a residual over √(V·m² + T + u)
/// d²  half the square of the difference of two z in a row: what both have in common is an error of the model, not noise
/// </code>
/// Each of V and T moves by its share of the whole times d² − 1, which is the step of expectation-maximisation for a sum of
/// variances.
/// </remarks>
/// <param name="initial">√V before anything is measured.</param>
/// <param name="initialJitter">√T before anything is measured, s.</param>
internal sealed class NoiseEstimate(double initial = NoiseEstimate.Usual, double initialJitter = 100e-6)
{
    /// <summary>√V of most things.</summary>
    public const double Usual = 0.10;

    private const double Floor = 0.02, Ceiling = 0.5;
    private const double JitterFloor = 20e-6, MaxJitter = 10;
    private const double InitialWeight = 6, Memory = 80, JitterMemory = 20;
    private const double ClipSquared = 9, JitterClipSquared = 25;

    private double _weight = InitialWeight;
    private double _last;

    /// <summary>V.</summary>
    public double Variance { get; private set; } = initial * initial;

    /// <summary>T.</summary>
    public double Jitter { get; private set; } = initialJitter * initialJitter;

    /// <summary>Variance of a measurement, s².</summary>
    /// <param name="scaleSquared">m², s².</param>
    public double Of(double scaleSquared) => (Variance * scaleSquared) + Jitter;

    /// <summary>The same for one that is less than expected: jitter only ever adds to a delay.</summary>
    /// <param name="scaleSquared">m², s².</param>
    public double Below(double scaleSquared) => (Variance * scaleSquared) + (JitterFloor * JitterFloor);

    /// <summary>Learns from one innovation.</summary>
    /// <param name="residual">Measured less expected, s.</param>
    /// <param name="scaleSquared">m², s².</param>
    /// <param name="modelVariance">u.</param>
    public void Observe(double residual, double scaleSquared, double modelVariance)
    {
        var total = Of(scaleSquared) + modelVariance;
        var z = residual / Math.Sqrt(total);
        var squared = (z - _last) * (z - _last) / 2;
        _last = z;
        var (share, jitterShare) = (Variance * scaleSquared / total, Jitter / total);
        _weight = Math.Min(_weight + (share * share), Memory);
        Variance = Math.Clamp(Variance * (1 + (share * (Math.Min(squared, ClipSquared) - 1) / _weight)), Floor * Floor, Ceiling * Ceiling);
        Jitter = Math.Max(Jitter * (1 + (jitterShare * (Math.Min(squared, JitterClipSquared) - 1) / JitterMemory)), JitterFloor * JitterFloor);
    }

    /// <summary>Writes the estimate.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(Variance);
        state.Write(Jitter);
    }

    /// <summary>Goes on from an estimate that was saved.</summary>
    public void Restore(PolicyStateReader state)
    {
        Variance = state.Read(Floor * Floor, Ceiling * Ceiling);
        Jitter = state.Read(JitterFloor * JitterFloor, MaxJitter * MaxJitter);
    }
}
