namespace SplitInfer.Policies.Learning;

/// <summary>How fast a machine was before it became slow: what it may go back to. Counterpart of <see cref="LinkMemory"/>. Not thread-safe.</summary>
internal sealed class SpeedMemory
{
    /// <summary>ln of how many times slower than remembered a machine is the same one, and is a slow one.</summary>
    private const double Same = 0.1, Slow = 0.4;

    /// <summary>Decisions after which a slow machine is taken to be what it is.</summary>
    private const int Lifetime = 200;

    private double _remembered = double.NaN;
    private double _now;

    /// <summary>Decisions for which the machine has been slow; 0 where it is not.</summary>
    public int Age { get; private set; }

    /// <summary>The part of the present delays that there were before; 1 where the machine is not slow.</summary>
    public double Part => Age > 0 ? Math.Exp(_remembered - _now) : 1;

    /// <summary>Counts a decision.</summary>
    /// <param name="level">Mean logarithm of the machine's delays.</param>
    public void Advance(double level)
    {
        if (!(level > _remembered + Same) || Age > Lifetime) _remembered = level;
        (_now, Age) = (level, level > _remembered + Slow ? Age + 1 : 0);
    }
}
