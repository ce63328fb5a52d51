namespace SplitInfer.Client.Offloading;

/// <summary>One of the two that run the tail in a race. It holds the request until it has ended, so that it may go on when the caller has its result.</summary>
internal sealed class RaceSide : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop;

    /// <summary>Starts to run the tail.</summary>
    public RaceSide(InferencePass pass, Func<CancellationToken, ValueTask<TailAnswer>> run)
    {
        _stop = new();
        Answer = EndAsync(pass.Hold(), run(_stop.Token).AsTask());
    }

    /// <summary>Takes over a run that is under way.</summary>
    /// <param name="pass">The request.</param>
    /// <param name="running">Its outputs.</param>
    /// <param name="stop">Ends the run.</param>
    public RaceSide(InferencePass pass, Task<TailAnswer> running, CancellationTokenSource stop)
    {
        _stop = stop;
        Answer = EndAsync(pass.Hold(), running);
    }

    /// <summary>The outputs, which belong to whoever takes them.</summary>
    public Task<TailAnswer> Answer { get; }

    /// <summary>Ends the run as soon as may be. Does nothing once it has ended.</summary>
    public void Stop()
    {
        lock (_gate) _stop?.Cancel();
    }

    /// <summary>Ends the run and lets go of what it still brings. Never throws. Not for the side whose answer was taken.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await ((Task)Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Answer.IsCompletedSuccessfully) Answer.Result.Reply?.Dispose();
    }

    private async Task<TailAnswer> EndAsync(InferencePass pass, Task<TailAnswer> running)
    {
        try
        {
            return await running.ConfigureAwait(false);
        }
        finally
        {
            pass.Dispose();
            lock (_gate)
            {
                _stop?.Dispose();
                _stop = null;
            }
        }
    }
}
