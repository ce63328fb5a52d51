namespace SplitInfer.Client.Attempts;

/// <summary>
/// Bounds what the device computes in vain: beside a server whose answer is then taken, though the device had one at hand. All that the device computes earns a share of it for
/// that, and no more is kept than the last requests have earned. Knows no clock. Thread-safe.
/// </summary>
/// <param name="share">What may be in vain of all that the device computes, 0 to 1. Of 0 nothing may, of 1 everything.</param>
internal sealed class ExtraWork(double share)
{
    /// <summary>How many requests earn what is kept.</summary>
    private const int Requests = 64;

    private readonly Lock _gate = new();
    private readonly double _rate = share < 1 ? share / (1 - share) : double.PositiveInfinity;
    private double _balance;
    private double _meanEarned;

    /// <summary>Seconds that may be spent; below 0 where more has been than was earned.</summary>
    public double Balance
    {
        get { lock (_gate) return _balance; }
    }

    /// <summary>Whether time could be set apart now.</summary>
    public bool MayBegin => share > 0 && Balance >= 0;

    /// <summary>Sets time apart. False where earlier work in vain has not been earned yet. What one run takes may exceed what is left, so that none waits for ever.</summary>
    /// <param name="seconds">What the run is expected to take, s.</param>
    public bool TryReserve(double seconds)
    {
        if (share <= 0) return false;
        lock (_gate)
        {
            if (_balance < 0) return false;
            if (share < 1) _balance -= seconds;
            return true;
        }
    }

    /// <summary>A run for which time was set apart has ended.</summary>
    /// <param name="reserved">What was set apart, s.</param>
    /// <param name="inVain">What it has taken though its answer was not; 0 where it was, s.</param>
    public void Settle(double reserved, double inVain)
    {
        if (share is <= 0 or >= 1) return;
        lock (_gate) _balance += reserved - inVain;
    }

    /// <summary>The device has computed for a request what was of use.</summary>
    /// <param name="seconds">How long, s.</param>
    public void Earn(double seconds)
    {
        if (share is <= 0 or >= 1 || !(seconds > 0)) return;
        lock (_gate)
        {
            var earned = _rate * seconds;
            _meanEarned += (earned - _meanEarned) / Requests;
            _balance = Math.Min(_balance + earned, Math.Max(_balance, Requests * Math.Max(_meanEarned, earned / Requests)));
        }
    }
}
