using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// Waits for one reply until it comes or is late. Used again where it came in time; the one who finds it late takes over what is
/// still to come.
/// </summary>
internal sealed class ReplyWait : IValueTaskSource<bool>
{
    // A timer may fire that much early by the clock that counts.
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Action _onAnswer;
    private ManualResetValueTaskSourceCore<bool> _inTime;
    private ConfiguredValueTaskAwaitable<TailAnswer>.ConfiguredValueTaskAwaiter _answer;
    private TaskCompletionSource<TailAnswer>? _late;
    private bool _isWaiting;
    private long _began;
    private TimeSpan _patience;

    public ReplyWait(TimeProvider time)
    {
        (_time, _onAnswer) = (time, Answered);
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((ReplyWait)self!).Miss(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Withdraws the request.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Waits.</summary>
    /// <param name="answer">What the server brings, which is taken over.</param>
    /// <param name="patience">How long to wait.</param>
    /// <returns>True once the server has answered or failed, false when it is late.</returns>
    public ValueTask<bool> UntilLate(ValueTask<TailAnswer> answer, TimeSpan patience)
    {
        _answer = answer.ConfigureAwait(false).GetAwaiter();
        if (_answer.IsCompleted) return new(true);
        var inTime = new ValueTask<bool>(this, _inTime.Version);
        lock (_gate) (_isWaiting, _began, _patience) = (true, _time.GetTimestamp(), patience);
        _timer.Change(patience, Timeout.InfiniteTimeSpan);
        _answer.UnsafeOnCompleted(_onAnswer);
        return inTime;
    }

    /// <summary>The answer that came in time; throws what the server failed with. Once.</summary>
    public TailAnswer Take() => _answer.GetResult();

    /// <summary>The answer that is still to come.</summary>
    public Task<TailAnswer> TakeLate() => _late!.Task;

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

    private void Answered()
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
            _late!.SetResult(_answer.GetResult());
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
    private void Miss()
    {
        lock (_gate)
        {
            if (!_isWaiting) return;
            var left = _patience - _time.GetElapsedTime(_began);
            if (left > TimeSpan.Zero)
            {
                _timer.Change(left + TimerResolution, Timeout.InfiniteTimeSpan);
                return;
            }

            (_isWaiting, _late) = (false, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        _inTime.SetResult(false);
    }
}
