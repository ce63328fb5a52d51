namespace SplitInfer.Client.Device;

/// <summary>
/// When something is tried again that took too long when it last ran, and is left out for that: nothing else would show that it has become faster. The more often a try was in vain, the more rarely it is
/// tried. Knows no clock. Thread-safe.
/// </summary>
internal sealed class SecondTry
{
    /// <summary>How often it is left out before the first try, and between two at most.</summary>
    private const int First = 8, Most = 256;

    private readonly Lock _gate = new();
    private int _leftOut;
    private int _interval = First;

    /// <summary>It would be left out once more. True where it is to be tried instead.</summary>
    public bool IsDue()
    {
        lock (_gate)
        {
            if (++_leftOut <= _interval) return false;
            (_leftOut, _interval) = (0, Math.Min(2 * _interval, Most));
            return true;
        }
    }

    /// <summary>It was in time.</summary>
    public void Succeed()
    {
        lock (_gate) (_leftOut, _interval) = (0, First);
    }
}
