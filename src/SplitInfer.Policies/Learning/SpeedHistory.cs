namespace SplitInfer.Policies.Learning;

/// <summary>
/// Remembers how fast a machine was before it suddenly became slow, because it may recover. Counterpart of <see cref="LinkHistory"/>.
/// Not thread-safe.
/// </summary>
/// <remarks>
/// Only what precedes a jump is remembered. A level that rises while proportions are still being learned was never the machine's speed, and
/// looking for its return would cost requests for nothing.
/// </remarks>
internal sealed class SpeedHistory
{
    /// <summary>Logarithm of the factor from which a machine is considered slow.</summary>
    private const double Slow = 0.4;

    /// <summary>Decisions after which a slow machine is considered normal.</summary>
    private const int Lifetime = 200;

    private double _before = double.NaN;
    private double _now;

    /// <summary>Decisions for which the machine has been slow; 0 where it is not.</summary>
    public int Age { get; private set; }

    /// <summary>The part of the present delays that there were before; 1 where the machine is not slow.</summary>
    public double Part => Age > 0 ? Math.Exp(_before - _now) : 1;

    /// <summary>The machine's delays have jumped. One that is slow already keeps what is remembered of it.</summary>
    /// <param name="level">Mean logarithm of the delays before.</param>
    public void MarkJump(double level)
    {
        if (Age == 0) _before = level;
    }

    /// <summary>Counts a decision.</summary>
    /// <param name="level">Mean logarithm of the machine's delays.</param>
    public void Advance(double level)
    {
        (_now, Age) = (level, level > _before + Slow && Age <= Lifetime ? Age + 1 : 0);
        if (Age == 0) _before = double.NaN;
    }
}
