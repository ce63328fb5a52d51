namespace SplitInfer.Client.Transport;

/// <summary>
/// How often a silent connection may be replaced. One that falls silent as its predecessor did is soon replaced, for the path may have been mended
/// meanwhile; the pause doubles each time, or a path that is slow rather than dead would get one connection after the other. Not thread-safe.
/// </summary>
/// <param name="first">The pause after the first replacement, and after a replacement that lasted.</param>
/// <param name="longest">The longest pause. A connection that lasted twice as long was a good one.</param>
/// <param name="time">The clock.</param>
internal sealed class ReplacementPause(TimeSpan first, TimeSpan longest, TimeProvider time)
{
    private long? _last;
    private TimeSpan _pause;

    /// <summary>Counts a replacement, unless it comes too soon after the last one.</summary>
    /// <returns>Whether it may begin now.</returns>
    public bool TryBegin()
    {
        var now = time.GetTimestamp();
        var since = _last is { } last ? time.GetElapsedTime(last, now) : TimeSpan.MaxValue;
        if (since < _pause) return false;
        _pause = since > 2 * longest || _pause == TimeSpan.Zero ? first : _pause * 2 < longest ? _pause * 2 : longest;
        _last = now;
        return true;
    }
}
