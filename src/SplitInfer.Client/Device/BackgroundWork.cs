using System.Collections.Concurrent;

namespace SplitInfer.Client.Device;

/// <summary>
/// Work that outlives the request it began with, such as loading a segment or waiting for a late reply. Disposal cancels all of it and
/// waits until it has ended, so that nothing uses a disposed model or connection. Thread-safe; may be disposed twice.
/// </summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly CancellationTokenSource _disposal = new();

    /// <summary>Number of pieces of work that have not ended.</summary>
    public int Count => _running.Count;

    /// <summary>Starts a piece of work. After disposal the work finds its token cancelled.</summary>
    /// <param name="work">The work. It handles its own errors and ends soon after its token is cancelled; its first part runs on the caller's thread.</param>
    public void Start(Func<CancellationToken, Task> work)
    {
        var task = work(_disposal.Token);
        if (task.IsCompleted) return;
        _running[task] = true;
        task.ContinueWith(static (ended, running) => ((ConcurrentDictionary<Task, bool>)running!).TryRemove(ended, out _), _running,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync().ConfigureAwait(false);
        while (!_running.IsEmpty) await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
