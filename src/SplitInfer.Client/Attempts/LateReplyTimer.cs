using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace SplitInfer.Client.Attempts;

/// <summary>Waits for a reply until it arrives, a delay expires or the server has been silent for too long. Reusable if the reply arrived in time; otherwise the caller takes over the pending reply.</summary>
internal sealed class LateReplyTimer : IValueTaskSource<bool>
{
    // A timer may fire that much early by the clock that counts.
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    // Timers count no further than some weeks.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Action _onReply;
    private ManualResetValueTaskSourceCore<bool> _inTime;
    private ConfiguredValueTaskAwaitable<AttemptResult>.ConfiguredValueTaskAwaiter _reply;
    private TaskCompletionSource<AttemptResult>? _late;
    private bool _isWaiting;
    private long _began;
    private TimeSpan _patience;
    private SilenceRule? _silence;
    private Attempt? _attempt;

    public LateReplyTimer(TimeProvider time)
    {
        (_time, _onReply) = (time, OnReply);
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((LateReplyTimer)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Withdraws the request.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Whether the wait ended because the server was silent.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Waits for a reply.</summary>
    /// <param name="reply">The reply, which is taken over.</param>
    /// <param name="patience">How long to wait; infinite where only silence ends the wait.</param>
    /// <param name="silence">How long the server may be silent; null where that does not matter.</param>
    /// <param name="attempt">The attempt, of which other servers may get their try meanwhile; null where silence does not matter.</param>
    /// <returns>True when the server has replied or failed, false when the reply is late or the server silent.</returns>
    public ValueTask<bool> WaitAsync(ValueTask<AttemptResult> reply, TimeSpan patience, SilenceRule? silence = null, Attempt? attempt = null)
    {
        _reply = reply.ConfigureAwait(false).GetAwaiter();
        if (_reply.IsCompleted) return new(true);
        var inTime = new ValueTask<bool>(this, _inTime.Version);
        lock (_gate)
        {
            (_isWaiting, _began, _patience) = (true, _time.GetTimestamp(), patience == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : patience);
            (_silence, _attempt, IsSilent) = (silence, attempt, false);
        }

        var wait = silence is null ? _patience : Min(_patience, silence.LeftFor(attempt!));
        if (wait < TimeSpan.MaxValue) _timer.Change(Min(wait, LongestWait), Timeout.InfiniteTimeSpan);
        _reply.UnsafeOnCompleted(_onReply);
        return inTime;
    }

    /// <summary>The reply that came in time; throws what the server failed with. To be called once.</summary>
    public AttemptResult Take() => _reply.GetResult();

    /// <summary>The reply that is still to come.</summary>
    public Task<AttemptResult> TakeLate() => _late!.Task;

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        try
        {
            return _inTime.GetResult(token);
        }
        finally
        {
            _inTime.Reset();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _inTime.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _inTime.OnCompleted(continuation, state, token, flags);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private void OnReply()
    {
        bool isInTime;
        lock (_gate) (isInTime, _isWaiting) = (_isWaiting, false);
        if (isInTime)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _inTime.SetResult(true);
            return;
        }

        try
        {
            _late!.SetResult(_reply.GetResult());
        }
        catch (OperationCanceledException withdrawal)
        {
            _late!.SetCanceled(withdrawal.CancellationToken);
        }
#pragma warning disable CA1031 // Whatever it is, the one who awaits must get it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _late!.SetException(failure);
        }
    }

    // The timer of an earlier wait may still be on its way; it finds that this one has not lasted long enough.
    private void OnTimer()
    {
        lock (_gate)
        {
            if (!_isWaiting) return;
            var left = _patience - _time.GetElapsedTime(_began);
            if (left > TimeSpan.Zero)
            {
                if (_silence is not null) left = Min(left, _silence.LeftFor(_attempt!));
                IsSilent = left <= TimeSpan.Zero;
            }

            if (left > TimeSpan.Zero)
            {
                _timer.Change(Min(left, LongestWait) + TimerResolution, Timeout.InfiniteTimeSpan);
                return;
            }

            (_isWaiting, _late) = (false, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        _inTime.SetResult(false);
    }
}
