namespace SplitInfer.Testing.Link;

/// <summary>Lets bytes through at a rate. A sender takes tokens for what it is about to send, on credit, and waits until the debt is paid. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="bitsPerSecond">The rate; may be infinite.</param>
/// <param name="burstBytes">Tokens that gather while nothing is sent, so bytes that pass at once after a pause.</param>
public sealed class TokenBucket(TimeProvider time, double bitsPerSecond, int burstBytes)
{
    /// <summary>A timer that is later than this costs rate.</summary>
    private const double MaxLatenessSeconds = 0.1;

    private readonly Lock _gate = new();
    private double _bytesPerSecond = Checked(bitsPerSecond);
    private double _tokens = burstBytes;
    private long _filled = time.GetTimestamp();

    /// <summary>The rate. A debt that was run up before a change is paid as it was told.</summary>
    public double BitsPerSecond
    {
        get
        {
            lock (_gate) return _bytesPerSecond * 8;
        }

        set
        {
            var rate = Checked(value);
            lock (_gate)
            {
                Fill(burstBytes);
                _bytesPerSecond = rate;
            }
        }
    }

    /// <summary>Takes tokens.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="isBusy">
    /// Whether the bytes were already waiting when the last ones had left. The time since then counts in full, beyond the burst too,
    /// so that timers which fire late do not slow the line.
    /// </param>
    /// <returns>How long the bytes take to leave.</returns>
    public TimeSpan Take(int bytes, bool isBusy)
    {
        lock (_gate)
        {
            if (double.IsPositiveInfinity(_bytesPerSecond)) return TimeSpan.Zero;
            Fill(isBusy ? Math.Max(burstBytes, _bytesPerSecond * MaxLatenessSeconds) : burstBytes);
            _tokens -= bytes;
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _bytesPerSecond);
        }
    }

    private void Fill(double capacity)
    {
        var now = time.GetTimestamp();
        var earned = time.GetElapsedTime(_filled, now).TotalSeconds;
        // No time times an infinite rate is not a number.
        if (earned > 0) _tokens = Math.Min(capacity, _tokens + earned * _bytesPerSecond);
        _filled = now;
    }

    private static double Checked(double bitsPerSecond) => bitsPerSecond > 0
        ? bitsPerSecond / 8
        : throw new ArgumentOutOfRangeException(nameof(bitsPerSecond), "A rate is above 0. Take the link down to let nothing pass.");
}
