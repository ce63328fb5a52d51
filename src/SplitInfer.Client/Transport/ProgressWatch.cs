using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Looks after a connection whose server owes something: pings it while nothing comes, says so when it shows no sign of life, and in the end
/// ends the connection. A sign of life is anything that comes, and room that is made for what waits to be sent. A server that is busy answers
/// pings meanwhile, so a tail may take as long as it likes.
/// </summary>
/// <remarks>
/// Silence is counted in periods of the timer rather than read off the clock, so that a client that was itself suspended does not blame the
/// server. The timer runs only while something is owed: an idle client neither sends anything nor wakes up.
/// </remarks>
internal sealed class ProgressWatch : IDisposable
{
    // A connection is in doubt a second after it fell silent, after half of the timeout at the latest; the pings before that are what tells.
    private const int LeastPeriods = 8, PeriodsBeforePing = 2, PeriodsBeforeDoubt = 4;
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(0.25);

    private readonly FrameConnection _connection;
    private readonly PendingReplies _pending;
    private readonly Func<PingMessage?> _ping;
    private readonly Action _onDoubt;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _period;
    private readonly int _periods;
    private readonly ITimer _timer;
    private PingMessage? _last;
    private long _progress;
    private int _silentPeriods;
    private int _isRunning;

    /// <summary>Begins to watch.</summary>
    /// <param name="connection">Ended where there is no progress.</param>
    /// <param name="pending">What the server owes.</param>
    /// <param name="ping">Sends a ping; null where the connection has ended.</param>
    /// <param name="onDoubt">Called once a period while the connection is silent, from the moment at which it is in doubt.</param>
    /// <param name="timeout">How long there may be no progress.</param>
    /// <param name="time">The clock.</param>
    public ProgressWatch(FrameConnection connection, PendingReplies pending, Func<PingMessage?> ping, Action onDoubt, TimeSpan timeout, TimeProvider time)
    {
        (_connection, _pending, _ping, _onDoubt, _timeout) = (connection, pending, ping, onDoubt, timeout);
        _periods = (int)Math.Max(LeastPeriods, Math.Ceiling(timeout / LongestPeriod));
        _period = timeout / _periods;
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((ProgressWatch)self!).EndPeriod(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the server owes something and has shown no sign of life for so long that another connection had better be tried.</summary>
    public bool IsInDoubt => Volatile.Read(ref _silentPeriods) >= PeriodsBeforeDoubt;

    /// <summary>Something is owed from now on.</summary>
    public void Run()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 0) _timer.Change(_period, _period);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void EndPeriod()
    {
        var progress = Math.Max(Math.Max(_connection.Reader.ReceivedAt, _connection.Writer.RoomMadeAt), _pending.PendingSince);
        if (progress == PendingReplies.NothingPending)
        {
            Volatile.Write(ref _silentPeriods, 0);
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _isRunning, 0);
            // What began to be owed just now found the watch running, and did not start it.
            if (_pending.PendingSince != PendingReplies.NothingPending) Run();
            return;
        }

        if (progress != _progress)
        {
            _progress = progress;
            Volatile.Write(ref _silentPeriods, 0);
            return;
        }

        var silent = Interlocked.Increment(ref _silentPeriods);
        if (silent >= _periods)
        {
            _connection.Abort(new TimeoutException($"The server made no progress for {_timeout.TotalSeconds:0.###} s"));
            return;
        }

        if (silent >= PeriodsBeforePing && (_last is null || _last.RoundTrip.IsCompleted)) _last = _ping();
        if (silent >= PeriodsBeforeDoubt) _onDoubt();
    }
}
