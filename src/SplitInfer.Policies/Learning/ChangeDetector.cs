namespace SplitInfer.Policies.Learning;

/// <summary>
/// Distinguishes noise from change in a series of standardised innovations z (mean 0 and variance 1 while nothing changes): one
/// that is far out is a jump, an accumulation of small ones in the same direction (CUSUM, both sides) a drift. Not thread-safe.
/// </summary>
internal struct ChangeDetector
{
    /// <summary>|z| of a jump. Noise alone exceeds it once in 15,000 measurements.</summary>
    public const double JumpThreshold = 4;

    /// <summary>What a CUSUM forgives at each step: half of the smallest shift worth finding.</summary>
    private const double Slack = 0.6;

    /// <summary>The CUSUM of a drift: a shift of 2 is found in 5 measurements, a false one comes every few thousand.</summary>
    private const double DriftThreshold = 7;

    private double _up;
    private double _down;

    public Change Observe(double z)
    {
        _up = Math.Max(0, _up + z - Slack);
        _down = Math.Max(0, _down - z - Slack);
        var change = Math.Abs(z) > JumpThreshold ? Change.Jump
            : Math.Max(_up, _down) > DriftThreshold ? Change.Drift
            : Change.None;
        if (change != Change.None) this = default;
        return change;
    }
}

/// <summary>What an innovation says of the quantity that it was measured on.</summary>
internal enum Change
{
    /// <summary>It is what it was.</summary>
    None,

    /// <summary>It has been moving for a while.</summary>
    Drift,

    /// <summary>It is another one from this measurement on.</summary>
    Jump,
}
