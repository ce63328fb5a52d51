using System.Collections.Immutable;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Servers;

/// <summary>
/// Tracks whether a server is usable and measures its round-trip time. Sends probes only after requests, so an idle client produces no
/// traffic, and connects in the background, so that no request waits for it. Thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// Unknown ──answer──▶ Up ──failure──▶ Down (backoff 1 s, doubling to 30 s) ──answer──▶ Up
///                     Up ──shutdown──▶ Draining (probed every second, no backoff) ──answer──▶ Up
/// </code>
/// </remarks>
/// <param name="server">The transport. Where it cannot ping, a server that is down may be tried again once its backoff has passed.</param>
/// <param name="name">What people call the server.</param>
/// <param name="onRoundTrip">Called with each round-trip time, s; null where nobody learns from them, so that the server is pinged only while it is down.</param>
/// <param name="onProfile">Called with the server's offline profile whenever there is a new one (<see cref="ITailTransport.TailSeconds"/>); null where nobody uses it.</param>
/// <param name="onChange">Called when the server becomes usable or unusable, outside of any lock.</param>
/// <param name="interval">The least time between two round trips while the server is up; infinite measures only on connecting.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerHealth(ITailTransport server, string name, Action<double>? onRoundTrip, Action<ImmutableArray<double>>? onProfile, Action<ServerStatus>? onChange, TimeSpan interval, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(10);

    // The shortest of a few counts: any of them may have waited for a device that is busy, or for code that is compiled on the way.
    private const int PingsPerRoundTrip = 4;

    private enum State
    {
        Unknown,
        Up,
        Down,
        Draining,
    }

    private readonly bool _canPing = server.Capabilities.HasFlag(TransportCapabilities.Ping);
    private readonly Lock _gate = new();
    private readonly Lock _profileGate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task _ping = Task.CompletedTask;
    private State _state;
    private TimeSpan _backoff;
    private long _pinged;
    private long _failed;
    private Exception? _lastFailure;
    private ImmutableArray<double> _profile = [];

    /// <summary>Why the server cannot be used, as last seen; null where it answers or was not asked yet.</summary>
    public Exception? LastFailure
    {
        get { lock (_gate) return _lastFailure; }
    }

    /// <summary>
    /// Whether requests should do without the server: while it is down, and, where round trips are measured, before it has answered for the
    /// first time.
    /// </summary>
    public bool IsUnavailable
    {
        get
        {
            lock (_gate)
            {
                return _state switch
                {
                    State.Up => false,
                    State.Unknown => _canPing && onRoundTrip is not null,
                    _ => _canPing || IsBackingOff,
                };
            }
        }
    }

    private bool IsBackingOff => _lastFailure is not null && time.GetElapsedTime(_failed) < _backoff;

    /// <summary>A request has ended: pings the server if that is due. The device has nothing else to do then.</summary>
    public void ProbeIfDue()
    {
        lock (_gate)
        {
            if (!_canPing || !_ping.IsCompleted || _disposal.IsCancellationRequested) return;
            var isDue = _state switch
            {
                State.Up => onRoundTrip is not null && interval >= TimeSpan.Zero && time.GetElapsedTime(_pinged) >= interval,
                State.Unknown => onRoundTrip is not null && !IsBackingOff,
                _ => !IsBackingOff,
            };
            if (!isDue) return;
            _pinged = time.GetTimestamp();
            using (ExecutionContext.SuppressFlow()) _ping = Task.Run(PingAsync);
        }
    }

    /// <summary>The server has answered.</summary>
    public void ReportSuccess()
    {
        bool isNews;
        lock (_gate)
        {
            isNews = _state != State.Up;
            (_state, _lastFailure, _backoff) = (State.Up, null, TimeSpan.Zero);
        }

        if (isNews) onChange?.Invoke(new(name, IsUsable: true, Failure: null));
    }

    /// <summary>Passes on the server's profile where it is new. Called when the server has answered.</summary>
    public void ReportProfile()
    {
        if (onProfile is null || server.TailSeconds is not { IsDefaultOrEmpty: false } profile) return;
        // One lock for both, or an older profile could be passed on last.
        lock (_profileGate)
        {
            if (profile == _profile || profile.AsSpan().SequenceEqual(_profile.AsSpan())) return;
            _profile = profile;
            onProfile(profile);
        }
    }

    /// <summary>The server cannot be used. Failures during a backoff say nothing new.</summary>
    public void ReportFailure(Exception failure)
    {
        bool isNews;
        lock (_gate)
        {
            isNews = _state is State.Up or State.Unknown;
            if (failure is TailRefusedException { Code: RefusalCode.ShuttingDown })
            {
                (_state, _lastFailure, _failed, _backoff) = (State.Draining, failure, time.GetTimestamp(), FirstBackoff);
            }
            else
            {
                if (IsBackingOff) return;
                _backoff = _backoff == TimeSpan.Zero ? FirstBackoff : _backoff * 2 < LongestBackoff ? _backoff * 2 : LongestBackoff;
                (_state, _lastFailure, _failed) = (State.Down, failure, time.GetTimestamp());
            }
        }

        if (isNews) onChange?.Invoke(new(name, IsUsable: false, failure));
    }

    /// <summary>A reply was given up. This counts only against a server that has never answered; any other may simply have lost a race.</summary>
    public void ReportSilence()
    {
        lock (_gate)
        {
            if (_state == State.Unknown) _lastFailure ??= new ServerUnreachableException($"The server {name} has not answered its first request yet. Check that it runs and that the network reaches it; requests go on trying.");
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

        // An error of whoever is told of round trips is not the disposer's.
        await ping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PingAsync()
    {
        if (await MeasureAsync().ConfigureAwait(false) is not { } roundTrip) return;
        ReportProfile();
        if (roundTrip > TimeSpan.Zero && roundTrip <= PingLimit) onRoundTrip?.Invoke(roundTrip.TotalSeconds);
    }

    private async Task<TimeSpan?> MeasureAsync()
    {
        using var limit = new CancellationTokenSource(PingLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _disposal.Token);
        try
        {
            var roundTrip = TimeSpan.MaxValue;
            for (var left = PingsPerRoundTrip; left > 0; left--)
            {
                var once = await server.PingAsync(stop.Token).ConfigureAwait(false);
                if (once < roundTrip) roundTrip = once;
            }

            ReportSuccess();
            return roundTrip;
        }
        catch (OperationCanceledException) when (_disposal.IsCancellationRequested)
        {
            // The client is being disposed.
        }
        catch (OperationCanceledException silence) when (limit.IsCancellationRequested)
        {
            ReportFailure(new ServerUnreachableException($"The server {name} did not answer within {PingLimit.TotalSeconds:0} s. Check that it runs and that the network reaches it; it is tried again.", silence));
        }
#pragma warning disable CA1031 // Whatever a transport fails with, the server cannot be pinged.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ReportFailure(failure as SplitInferException ?? new ServerUnreachableException($"The server {name} cannot be pinged: {failure.Message} It is tried again.", failure));
        }

        return null;
    }
}
