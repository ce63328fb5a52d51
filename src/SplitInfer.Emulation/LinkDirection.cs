namespace SplitInfer.Emulation;

/// <summary>One direction of a link, whose bandwidth all connections share. Thread-safe.</summary>
/// <param name="link">The link.</param>
/// <param name="time">The clock.</param>
internal sealed class LinkDirection(EmulatedLink link, TimeProvider time)
{
    private const int LargestPiece = 8 << 10;
    private const int SmallestPiece = 128;

    /// <summary>A change of the bandwidth is felt after this long, s.</summary>
    private const double PieceSeconds = 0.01;

    // A timer that is later than this costs bandwidth.
    private static readonly TimeSpan MaxMadeUp = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private long _freeAt = time.GetTimestamp();
    private long _madeUp;
    private long _bytes;

    /// <summary>Bytes that have passed.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many bytes to pass at once, so that connections take turns.</summary>
    public int PieceBytes => (int)Math.Clamp(link.Conditions.Mbps * 1e6 / 8 * PieceSeconds, SmallestPiece, LargestPiece);

    /// <summary>Ends when the bytes have passed.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="cancellationToken">Ends the wait. The bytes count as passed.</param>
    public async ValueTask PassAsync(int bytes, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _bytes, bytes);
        var conditions = link.Conditions;
        if (double.IsPositiveInfinity(conditions.Mbps)) return;
        long due;
        lock (_gate)
        {
            // What the last timer was late does not slow the link.
            var from = Math.Max(_freeAt, time.GetTimestamp() - _madeUp);
            (_madeUp, _freeAt) = (0, from + Ticks(conditions.TransferTime(bytes)));
            due = _freeAt;
        }

        // Timers count whole milliseconds.
        var wait = Math.Round(time.GetElapsedTime(time.GetTimestamp(), due).TotalMilliseconds);
        if (wait <= 0) return;
        await Task.Delay(TimeSpan.FromMilliseconds(wait), time, cancellationToken).ConfigureAwait(false);
        lock (_gate) _madeUp = Math.Clamp(time.GetTimestamp() - due, 0, Ticks(MaxMadeUp));
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
