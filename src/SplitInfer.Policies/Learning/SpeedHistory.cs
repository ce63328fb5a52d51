namespace SplitInfer.Policies.Learning;

/// <summary>Remembers how fast a machine was before it became slow, because it may recover. Counterpart of <see cref="LinkHistory"/>. Not thread-safe.</summary>
internal sealed class SpeedHistory
{
    /// <summary>Logarithms of the factors up to which a machine is considered unchanged, and from which it is considered slow.</summary>
    private const double Same = 0.1, Slow = 0.4;

    /// <summary>Decisions after which a slow machine is considered normal.</summary>
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
