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
/// Unknown ──answer──▶ Up ──failure──▶ Down (backoff 1 s, then 1.5 s) ──answer──▶ Up
///                     Up ──shutdown──▶ Draining (probed every second, no backoff) ──answer──▶ Up
///                     Up ──"come back in t"──▶ Busy (neither asked nor probed for t) ──▶ asked again
/// </code>
/// A probe is a few bytes, so the backoff stays short: a server that is back is used a few seconds later. A transport that cannot ping is probed by
/// whole requests, and its backoff doubles up to 30 s.
/// </remarks>
/// <param name="server">The transport. Where it cannot ping, a server that is down may be tried again once its backoff has passed.</param>
/// <param name="name">What people call the server.</param>
/// <param name="onRoundTrip">Called with each round-trip time, s; null where nobody learns from them, so that the server is pinged only while it is down.</param>
/// <param name="onProfile">Called with the server's offline profile whenever there is a new one (<see cref="ITailTransport.TailSeconds"/>); null where nobody uses it.</param>
/// <param name="onChange">Called when the server becomes usable or unusable, outside of any lock.</param>
/// <param name="interval">The least time between two round trips while the server is up; infinite measures only on connecting.</param>
/// <param name="time">The clock.</param>
/// <param name="variants">Which variants the server has; null where the client has one model. A server of variants is up once it is known to have one.</param>
/// <param name="jitter">Shortens each pause between probes by up to a quarter, so that clients which lost a server together do not come back together; null leaves them as they are.</param>
internal sealed partial class ServerHealth(ITailTransport server, string name, Action<double>? onRoundTrip, Action<ImmutableArray<double>>? onProfile, Action<ServerStatus>? onChange, TimeSpan interval, TimeProvider time, ServerVariants? variants = null, Random? jitter = null) : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoffByPing = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan LongestBackoffByRequest = TimeSpan.FromSeconds(30);

    // A server may say anything, and must not be able to say "never again".
    private static readonly TimeSpan LongestBusy = TimeSpan.FromSeconds(30);

    // Of one that does not say when to come back.
    private static readonly TimeSpan LeastBusy = TimeSpan.FromMilliseconds(50);

    // What is over sooner is no news to an application.
    private static readonly TimeSpan LeastBusyToTell = TimeSpan.FromSeconds(1);
    private const double MostJitter = 0.25;

    private enum State
    {
        Unknown,
        Up,
        Down,
        Draining,
        Busy,
    }

    private readonly bool _canPing = server.Capabilities.HasFlag(TransportCapabilities.Ping);
    private readonly Lock _gate = new();
    private readonly Lock _profileGate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task _ping = Task.CompletedTask;
    private State _state;
    private TimeSpan _backoff;
    private TimeSpan _pause;
    private bool _isInDoubt;
    private bool _isDisposed;
    private bool _isToldUnusable;
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
                    State.Busy => IsBackingOff,
                    _ => _canPing || IsBackingOff,
                };
            }
        }
    }

    /// <summary>Done once the last probe has ended.</summary>
    internal Task Probed
    {
        get { lock (_gate) return _ping; }
    }

    private TimeSpan LongestBackoff => _canPing ? LongestBackoffByPing : LongestBackoffByRequest;

    private bool IsBackingOff => _lastFailure is not null && time.GetElapsedTime(_failed) < _pause;

    /// <summary>A request has ended: pings the server if that is due. The device has nothing else to do then.</summary>
    public void ProbeIfDue()
    {
        lock (_gate)
        {
            if (!_canPing || !_ping.IsCompleted || _isDisposed) return;
            var isDue = _state switch
            {
                State.Up when _isInDoubt => time.GetElapsedTime(_pinged) >= FirstBackoff,
                State.Up => onRoundTrip is not null && interval >= TimeSpan.Zero && time.GetElapsedTime(_pinged) >= interval,
                State.Unknown => onRoundTrip is not null && !IsBackingOff,
                _ => !IsBackingOff,
            };
            isDue |= _state is State.Up or State.Unknown && variants is { IsDue: true };
            if (!isDue) return;
            _pinged = time.GetTimestamp();
            _isInDoubt = false;
            using (ExecutionContext.SuppressFlow()) _ping = Task.Run(PingAsync);
        }
    }

    /// <summary>The server has answered a request for a variant.</summary>
    public void ReportAnswer(int variant)
    {
        variants?.ReportFound(variant);
        ReportSuccess();
        ReportProfile();
    }

    /// <summary>The server has answered. One that said when to come back is still left alone until then.</summary>
    public void ReportSuccess()
    {
        bool isNews;
        lock (_gate)
        {
            if (_state == State.Busy && IsBackingOff) return;
            isNews = _state == State.Unknown || _isToldUnusable;
            (_state, _lastFailure, _backoff, _pause, _isToldUnusable) = (State.Up, null, TimeSpan.Zero, TimeSpan.Zero, false);
        }

        if (isNews) onChange?.Invoke(new(name, IsUsable: true, Failure: null));
    }

    /// <summary>Nothing came of a request, which need not be the server's fault: it is probed at the next occasion, whoever learns from round trips.</summary>
    public void ReportDoubt()
    {
        lock (_gate) _isInDoubt = true;
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
            switch (failure)
            {
                case TailRefusedException { Code: RefusalCode.ShuttingDown }:
                    (_state, _backoff, _pause) = (State.Draining, FirstBackoff, FirstBackoff);
                    break;
                case TailRefusedException { Code: RefusalCode.Busy } busy when busy.RetryAfter > TimeSpan.Zero || !IsBackingOff:
                    var after = busy.RetryAfter is { } told && told > LeastBusy ? told : LeastBusy;
                    (_state, _backoff, _pause) = (State.Busy, TimeSpan.Zero, after < LongestBusy ? after : LongestBusy);
                    break;
                default:
                    if (IsBackingOff) return;
                    _backoff = _backoff == TimeSpan.Zero ? FirstBackoff : _backoff * 2 < LongestBackoff ? _backoff * 2 : LongestBackoff;
                    (_state, _pause) = (State.Down, _backoff * (1 - (_canPing ? MostJitter * (jitter?.NextDouble() ?? 0) : 0)));
                    break;
            }

            (_lastFailure, _failed) = (failure, time.GetTimestamp());
            isNews = !_isToldUnusable && (_state != State.Busy || _pause >= LeastBusyToTell);
            _isToldUnusable |= isNews;
        }

        if (isNews) onChange?.Invoke(new(name, IsUsable: false, failure));
    }

    /// <summary>A request has found that the server lacks a variant. One that lacks all of them cannot be used until a probe finds one.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="refusal">What the server said.</param>
    /// <returns>Whether the refusal says no more than that; else it is a failure like any other.</returns>
    public bool TryReportMissing(int variant, Exception refusal)
    {
        if (variants is null || !ServerVariants.IsMissing(refusal)) return false;
        variants.ReportMissing(variant, refusal);
        if (variants.Refusal is { } lacking) ReportFailure(lacking);
        return true;
    }

    /// <summary>What the server said of a variant that it lacks; null of others, and where the client has one model.</summary>
    public Exception? RefusalOf(int variant) => variants?.RefusalOf(variant);

    /// <summary>A reply was given up. This counts only against a server that has never answered; any other may simply have lost a race, and is probed.</summary>
    public void ReportSilence()
    {
        lock (_gate)
        {
            _isInDoubt = true;
            if (_state == State.Unknown) _lastFailure ??= new ServerUnreachableException($"The server {name} has not answered its first request yet. Check that it runs and that the network reaches it; requests go on trying.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task ping;
        lock (_gate)
        {
            _isDisposed = true;
            ping = _ping;
        }

        // Not under the lock: an application's own transport may do anything when it is told to stop.
        await _disposal.CancelAsync().ConfigureAwait(false);
        // An error of whoever is told of round trips is not the disposer's.
        await ping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
