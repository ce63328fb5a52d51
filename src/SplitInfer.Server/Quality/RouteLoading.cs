namespace SplitInfer.Server.Quality;

/// <summary>The loading of one route. Where it fails it is tried again beside the requests that come, after pauses that grow, unless it would fail again. Thread-safe.</summary>
/// <param name="load">Loads it; says whether another try would end as well without a route. Never throws.</param>
/// <param name="time">The clock.</param>
internal sealed class RouteLoading(Func<Task<(ExitRoute? Route, bool IsFinal)>> load, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10), LongestPause = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private Task<ExitRoute?>? _try;
    private ExitRoute? _route;
    private TimeSpan _pause = FirstPause;
    private long _failedAt;
    private bool _hasFailed;
    private bool _isFinal;

    /// <summary>The route; null where it is not there.</summary>
    public ExitRoute? Route
    {
        get { lock (_gate) return _route; }
    }

    /// <summary>Begins to load the route where that is due.</summary>
    /// <returns>The route, which only those wait for who come before the first try has ended: while it is tried again the model answers alone. Null where there is none.</returns>
    public Task<ExitRoute?> GetAsync()
    {
        lock (_gate)
        {
            if (_try is null) return _try = TryAsync();
            if (!_hasFailed) return _try;
            if (_route is null && !_isFinal && _try.IsCompleted && time.GetElapsedTime(_failedAt) >= _pause)
            {
                _pause = 2 * _pause < LongestPause ? 2 * _pause : LongestPause;
                _try = TryAsync();
            }

            return Task.FromResult(_route);
        }
    }

    /// <summary>Waits for the try that is under way, where there is one.</summary>
    /// <returns>The route; null where there is none.</returns>
    public async Task<ExitRoute?> EndAsync()
    {
        Task<ExitRoute?>? last;
        lock (_gate) last = _try;
        return last is null ? null : await last.ConfigureAwait(false);
    }

    private async Task<ExitRoute?> TryAsync()
    {
        var (route, isFinal) = await Task.Run(load).ConfigureAwait(false);
        lock (_gate)
        {
            (_route, _isFinal, _failedAt) = (route, isFinal, time.GetTimestamp());
            _hasFailed |= route is null;
        }

        return route;
    }
}
