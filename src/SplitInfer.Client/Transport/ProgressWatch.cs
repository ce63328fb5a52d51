using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Ends a connection whose server owes something and makes no progress: it neither sends anything nor makes room for what waits to be sent.
/// A server that is busy answers pings meanwhile, so a tail may take as long as it likes.
/// </summary>
/// <remarks>Silence is counted in periods of the timer rather than read off the clock, so that a client that was itself suspended does not blame the server.</remarks>
internal sealed class ProgressWatch : IDisposable
{
    private const int Periods = 8, PeriodsBeforePing = Periods / 4;

    private readonly FrameConnection _connection;
    private readonly PendingReplies _pending;
    private readonly Func<PingMessage?> _ping;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private PingMessage? _last;
    private long _progress;
    private int _silentPeriods;

    /// <summary>Begins to watch.</summary>
    /// <param name="connection">Ended where there is no progress.</param>
    /// <param name="pending">What the server owes.</param>
    /// <param name="ping">Sends a ping; null where the connection has ended.</param>
    /// <param name="timeout">How long there may be no progress.</param>
    /// <param name="time">The clock.</param>
    public ProgressWatch(FrameConnection connection, PendingReplies pending, Func<PingMessage?> ping, TimeSpan timeout, TimeProvider time)
    {
        (_connection, _pending, _ping, _timeout) = (connection, pending, ping, timeout);
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((ProgressWatch)self!).EndPeriod(), this, timeout / Periods, timeout / Periods);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void EndPeriod()
    {
        var progress = Math.Max(Math.Max(_connection.Reader.ReceivedAt, _connection.Writer.RoomMadeAt), _pending.PendingSince);
        if (progress != _progress || progress == PendingReplies.NothingPending)
        {
            (_progress, _silentPeriods) = (progress, 0);
            return;
        }

        _silentPeriods++;
        if (_silentPeriods >= Periods) _connection.Abort(new TimeoutException($"The server made no progress for {_timeout.TotalSeconds:0.###} s"));
        else if (_silentPeriods >= PeriodsBeforePing && (_last is null || _last.RoundTrip.IsCompleted)) _last = _ping();
    }
}
