using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// Whether the server can be used, and how long a tiny frame takes there and back. It acts only on the occasion of requests, so
/// that an idle client sends nothing, and connects beside them, so that no request waits for it. Thread-safe.
/// </summary>
/// <param name="server">What can be pinged; null where nothing can, and only requests tell whether the server is there.</param>
/// <param name="policy">Who learns the round-trip times.</param>
/// <param name="interval">The least time between two round trips.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerWatch(IServerPing? server, IPartitionPolicy policy, TimeSpan interval, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(10);

    // The shortest of a few counts: any of them may have waited for a device that is busy, or for what is compiled on the way.
    private const int PingsOfRoundTrip = 4;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task _ping = Task.CompletedTask;
    private bool _isUp = server is null;
    private TimeSpan _pause;
    private long _pinged;
    private long _failed;
    private Exception? _failure;

    /// <summary>Why the server cannot be used, as last seen; null where it answers or was not asked yet.</summary>
    public Exception? Failure
    {
        get { lock (_gate) return _failure; }
    }

    /// <summary>Whether requests should do without the server. After a failure this lasts 1 s, doubling to 30 s, and, where there is something to ping, until it answers.</summary>
    public bool IsUnavailable
    {
        get
        {
            lock (_gate) return !_isUp && (server is not null || IsPausing);
        }
    }

    private bool IsPausing => _failure is not null && time.GetElapsedTime(_failed) < _pause;

    /// <summary>A request has ended: pings the server if that is due. The device has nothing else to do then.</summary>
    public void Visit()
    {
        lock (_gate)
        {
            if (server is null || !_ping.IsCompleted || _disposal.IsCancellationRequested) return;
            if (_isUp ? !IsDue : IsPausing) return;
            _pinged = time.GetTimestamp();
            using (ExecutionContext.SuppressFlow()) _ping = Task.Run(PingAsync);
        }
    }

    /// <summary>The server has answered.</summary>
    public void Answered()
    {
        lock (_gate) (_isUp, _failure, _pause) = (true, null, TimeSpan.Zero);
    }

    /// <summary>The server cannot be used. What other requests find out in the pause that follows says nothing new.</summary>
    public void Failed(Exception failure)
    {
        lock (_gate)
        {
            if (IsPausing) return;
            _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            (_isUp, _failure, _failed) = (false, failure, time.GetTimestamp());
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task ping;
        lock (_gate)
        {
            _disposal.Cancel();
            ping = _ping;
        }

        await ping.ConfigureAwait(false);
        _disposal.Dispose();
    }

    private bool IsDue => interval >= TimeSpan.Zero && time.GetElapsedTime(_pinged) >= interval;

    private async Task PingAsync()
    {
        using var limit = new CancellationTokenSource(PingLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _disposal.Token);
        try
        {
            var roundTrip = TimeSpan.MaxValue;
            for (var left = PingsOfRoundTrip; left > 0; left--)
            {
                var once = await server!.PingAsync(stop.Token).ConfigureAwait(false);
                if (once < roundTrip) roundTrip = once;
            }

            Answered();
            if (roundTrip > TimeSpan.Zero) policy.ObserveRoundTrip(roundTrip.TotalSeconds);
        }
        catch (OperationCanceledException) when (_disposal.IsCancellationRequested)
        {
            // Nobody asks any more.
        }
        catch (Exception failure) when (failure is SplitInferException or OperationCanceledException or ObjectDisposedException)
        {
            Failed(failure);
        }
    }
}
