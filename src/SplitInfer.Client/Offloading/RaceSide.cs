namespace SplitInfer.Client.Offloading;

/// <summary>One of the two that run the tail in a race. It holds the request until it has ended, so that it may go on when the caller has its result.</summary>
internal sealed class RaceSide : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop = new();

    /// <summary>Starts to run the tail.</summary>
    public RaceSide(InferencePass pass, Func<InferencePass, CancellationToken, ValueTask<TailAnswer>> run) => Answer = RunAsync(pass.Hold(), run, _stop.Token);

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

    private async Task<TailAnswer> RunAsync(InferencePass pass, Func<InferencePass, CancellationToken, ValueTask<TailAnswer>> run, CancellationToken stop)
    {
        try
        {
            return await run(pass, stop).ConfigureAwait(false);
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
