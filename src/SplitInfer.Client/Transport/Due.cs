using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>When a result is of no use any more.</summary>
internal readonly struct Due
{
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly TimeSpan? _span;

    /// <summary>Due <paramref name="span"/> from the call on, or never.</summary>
    public Due(TimeProvider time, TimeSpan? span) => (_time, _began, _span) = (time, span is null ? 0 : time.GetTimestamp(), span);

    /// <summary>What is left: none or less once it has passed, infinite where it never does.</summary>
    public TimeSpan Left => _span is { } span ? span - _time.GetElapsedTime(_began) : Timeout.InfiniteTimeSpan;

    public bool IsNever => _span is null;

    public bool HasPassed => !IsNever && Left <= TimeSpan.Zero;

    public TailRefusedException Missed() => new(RefusalCode.DeadlineExceeded,
        $"No result came within the {_span?.TotalMilliseconds:0.###} ms of the deadline. Allow more time, or choose a partition that sends less or leaves less to the server.");

    /// <summary>Waits for something that several may wait for, no longer than until it is due.</summary>
    public async ValueTask<T> WaitAsync<T>(Task<T> shared, CancellationToken cancellationToken)
    {
        if (HasPassed) throw Missed();
        try
        {
            return await shared.WaitAsync(Left, _time ?? TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Missed();
        }
    }

    /// <summary>Waits in line, and leaves the line when it is due.</summary>
    public async ValueTask EnterAsync(SemaphoreSlim line, CancellationToken cancellationToken)
    {
        if (IsNever)
        {
            await line.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        if (HasPassed) throw Missed();
        using var limit = new CancellationTokenSource(Left, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await line.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Missed();
        }
    }
}
