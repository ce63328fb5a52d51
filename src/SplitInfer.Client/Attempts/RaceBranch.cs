namespace SplitInfer.Client.Attempts;

/// <summary>A run of a tail beside others, in a race or as a shadow. Keeps the attempt alive until the run has ended, even after the caller has received its result.</summary>
internal sealed class RaceBranch : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop;

    /// <summary>Starts an executor.</summary>
    public RaceBranch(Attempt attempt, IExecutor executor)
    {
        _stop = new();
        Result = RunAsync(attempt.AddReference(), executor.RunAsync(attempt, _stop.Token).AsTask());
    }

    /// <summary>Takes over a run that is under way.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="running">The run's result.</param>
    /// <param name="stop">Ends the run.</param>
    public RaceBranch(Attempt attempt, Task<AttemptResult> running, CancellationTokenSource stop)
    {
        _stop = stop;
        Result = RunAsync(attempt.AddReference(), running);
    }

    /// <summary>The result, which belongs to whoever takes it.</summary>
    public Task<AttemptResult> Result { get; }

    /// <summary>Ends the run as soon as possible. Does nothing once it has ended.</summary>
    public void Stop()
    {
        lock (_gate) _stop?.Cancel();
    }

    /// <summary>Ends the run and releases what it still brings. Never throws. Not for the branch whose result was taken.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await ((Task)Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Result.IsCompletedSuccessfully) Result.Result.Outputs.Dispose();
    }

    private async Task<AttemptResult> RunAsync(Attempt attempt, Task<AttemptResult> running)
    {
        try
        {
            return await running.ConfigureAwait(false);
        }
        finally
        {
            attempt.Dispose();
            lock (_gate)
            {
                _stop?.Dispose();
                _stop = null;
            }
        }
    }
}
