using System.Collections.Concurrent;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Attempts;

/// <summary>A token that is signalled when the caller cancels or the budget is spent, and never before that by the clock of the budget. Pooled, so that a deadline costs no allocation.</summary>
internal sealed class BudgetToken
{
    // A timer may fire some milliseconds early by the clock that counts, and is then set again.
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _source;
    private readonly ConcurrentQueue<BudgetToken> _pool;
    private readonly ITimer _timer;
    private CancellationTokenRegistration _caller;
    private CancellationToken _callerToken;
    private RequestBudget _budget;
    private bool _isRented;
    private bool _isSpent;

    private BudgetToken(ConcurrentQueue<BudgetToken> pool, TimeProvider time)
    {
        (_pool, _source) = (pool, new());
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((BudgetToken)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the token was signalled because the budget is spent, and not by the caller.</summary>
    public bool IsBudgetSpent => _source.IsCancellationRequested && !_callerToken.IsCancellationRequested;

    /// <summary>Takes a token from the pool.</summary>
    /// <param name="pool">The pool of one client.</param>
    /// <param name="budget">A budget with a deadline.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">The caller's token.</param>
    public static BudgetToken Rent(ConcurrentQueue<BudgetToken> pool, in RequestBudget budget, TimeProvider time, CancellationToken caller)
    {
        if (!pool.TryDequeue(out var token)) token = new(pool, time);
        token._callerToken = caller;
        lock (token._gate) (token._budget, token._isRented) = (budget, true);
        token._timer.Change(budget.Remaining, Timeout.InfiniteTimeSpan);
        token._caller = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), token._source);
        return token;
    }

    /// <summary>Returns the token to the pool, if nothing has signalled it.</summary>
    public void Return()
    {
        _caller.Dispose();
        _callerToken = default;
        bool isSpent;
        lock (_gate) (_isRented, isSpent) = (false, _isSpent);
        // One that the timer has signalled may be in the middle of that, so its source is not touched any more.
        if (!isSpent && _source.TryReset())
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _pool.Enqueue(this);
        }
        else
        {
            _timer.Dispose();
        }
    }

    // The timer of an earlier request may still be on its way; it finds that this one has time left.
    private void OnTimer()
    {
        lock (_gate)
        {
            if (!_isRented) return;
            if (_budget.Remaining is var left && left > TimeSpan.Zero)
            {
                _timer.Change(left + TimerResolution, Timeout.InfiniteTimeSpan);
                return;
            }

            _isSpent = true;
        }

        _source.Cancel();
    }
}
