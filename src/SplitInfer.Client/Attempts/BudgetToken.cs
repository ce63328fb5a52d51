using System.Collections.Concurrent;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Attempts;

/// <summary>A token that is signalled when the caller cancels or the budget is spent. Pooled, so that a deadline costs no allocation.</summary>
internal sealed class BudgetToken
{
    private readonly CancellationTokenSource _source;
    private readonly ConcurrentQueue<BudgetToken> _pool;
    private CancellationTokenRegistration _caller;
    private CancellationToken _callerToken;

    private BudgetToken(ConcurrentQueue<BudgetToken> pool, TimeProvider time) => (_pool, _source) = (pool, new(Timeout.InfiniteTimeSpan, time));

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
        token._source.CancelAfter(budget.Remaining);
        token._caller = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), token._source);
        return token;
    }

    /// <summary>Returns the token to the pool, if nothing has signalled it.</summary>
    public void Return()
    {
        _caller.Dispose();
        _callerToken = default;
        if (_source.TryReset()) _pool.Enqueue(this);
        else _source.Dispose();
    }
}
