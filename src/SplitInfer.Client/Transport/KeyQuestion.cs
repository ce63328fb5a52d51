namespace SplitInfer.Client.Transport;

/// <summary>
/// The question for a key that a link has open. There is one at a time, since a source that does not come back would take another thread of the pool with
/// each: who asks meanwhile waits for the same answer. Thread-safe.
/// </summary>
internal sealed class KeyQuestion
{
    private readonly Lock _gate = new();
    private Task<string>? _asked;

    /// <summary>The answer to the question that is open; where none is, to a new one.</summary>
    /// <param name="ask">Asks, without keeping the caller.</param>
    public Task<string> Ask(Func<Task<string>> ask)
    {
        lock (_gate)
        {
            if (_asked is { IsCompleted: false } open) return open;
            var asked = _asked = ask();
            // Whoever asked may have left by the time it fails.
            _ = asked.ContinueWith(static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return asked;
        }
    }
}
