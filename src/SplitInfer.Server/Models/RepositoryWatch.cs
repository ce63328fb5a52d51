using Microsoft.Extensions.Logging;

namespace SplitInfer.Server.Models;

/// <summary>
/// Has a repository look at its directory when it changes: soon after the system says so, and now and then in any case, since file systems of a
/// network say nothing. Dispose it to stop.
/// </summary>
internal sealed partial class RepositoryWatch : IAsyncDisposable
{
    /// <summary>For how long a folder must not change before it is read.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly ModelRepository _repository;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _settling;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FileSystemWatcher? _watcher;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly Task _running;

    /// <summary>Starts to watch.</summary>
    /// <param name="repository">The repository, which is loaded.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="interval">How often it is looked at where the system says nothing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of looks that fail.</param>
    public RepositoryWatch(ModelRepository repository, string directory, TimeSpan interval, TimeProvider time, ILogger logger)
    {
        (_repository, _interval, _settling, _time, _logger) = (repository, interval, interval < Settling ? interval : Settling, time, logger);
        // It outlives the call that starts the server, and must not carry that call's context along.
        using (ExecutionContext.SuppressFlow())
        {
            _watcher = Watch(directory);
            _running = Task.Run(RunAsync);
        }
    }

    /// <summary>Done once nothing is looked at any more. Never fails.</summary>
    public Task Ended => Task.WhenAny(_running);

    /// <summary>Begins to stop. Not after disposal.</summary>
    public Task CancelAsync() => _stop.CancelAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watcher?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _changed.Dispose();
    }

    private async Task RunAsync()
    {
        for (var isChanging = false; ;)
        {
            if (isChanging) await Task.Delay(_settling, _time, _stop.Token).ConfigureAwait(false);
            else await WaitAsync().ConfigureAwait(false);
            try
            {
                isChanging = _repository.Scan();
            }
#pragma warning disable CA1031 // Whatever goes wrong in one look, such as a logger that throws, the next one is of use.
            catch (Exception error) when (!_stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // The next look is not before the interval is over, or something changes.
                isChanging = false;
                Report(error);
            }
        }
    }

    private void Report(Exception error)
    {
        try
        {
            LogLookFailed(_logger, error);
        }
#pragma warning disable CA1031 // The log itself may be what fails.
        catch (Exception)
#pragma warning restore CA1031
        {
            // There is nobody else to tell.
        }
    }

    [LoggerMessage(41, LogLevel.Error, "The model directory could not be looked at, by an error that was not foreseen. What was read before is served meanwhile, and it is looked at again.", EventName = "WatchFailed")]
    private static partial void LogLookFailed(ILogger logger, Exception error);

    /// <summary>Waits for a change, or until it is time to look.</summary>
    private async Task WaitAsync()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var changed = _changed.WaitAsync(end.Token);
        await Task.WhenAny(changed, Task.Delay(_interval, _time, end.Token)).ConfigureAwait(false);
        var isChanged = changed.IsCompletedSuccessfully;
        await end.CancelAsync().ConfigureAwait(false);
        await changed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Token.ThrowIfCancellationRequested();
        // Changes come in crowds.
        if (isChanged) await Task.Delay(_settling / 4, _time, _stop.Token).ConfigureAwait(false);
        while (_changed.Wait(0, CancellationToken.None))
        {
        }
    }

    private FileSystemWatcher? Watch(string directory)
    {
        try
        {
            var watcher = new FileSystemWatcher(directory) { IncludeSubdirectories = true };
            watcher.Created += OnChanged;
            watcher.Changed += OnChanged;
            watcher.Deleted += OnChanged;
            watcher.Renamed += OnChanged;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception error) when (error is IOException or ArgumentException or PlatformNotSupportedException or UnauthorizedAccessException)
        {
            // As many as the system allows are watched already, or the file system cannot be. It is looked at all the same.
            return null;
        }
    }

    private void OnChanged(object sender, FileSystemEventArgs change)
    {
        try
        {
            if (_changed.CurrentCount == 0) _changed.Release();
        }
        catch (ObjectDisposedException)
        {
            // The last event crosses the end.
        }
    }
}
