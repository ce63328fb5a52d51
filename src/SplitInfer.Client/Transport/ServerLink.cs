using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>
/// The way to one server, which the transports of several models share. Has one connection at a time; connects when a request needs it, and
/// anew when the connection was lost, fell silent or the server goes away. Closed with its last reference; begins with one.
/// </summary>
internal sealed partial class ServerLink : IAsyncDisposable
{
    // A server that can be used answers sooner. One that came back while an attempt met silence is found by the next attempt, not by this one.
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(2);

    // Those that may still carry something, though new requests go elsewhere.
    private readonly List<ServerConnection> _connections = [];

    private readonly Func<CancellationToken, ValueTask<ByteChannel>> _connect;
    private readonly string _address;
    private readonly ServerAccess _access;
    private readonly KeyQuestion _keyQuestion = new();
    private readonly CodecRegistry _codecs;
    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task<ServerConnection>? _connection;
    private int _references = 1;
    private volatile int _made;
    private volatile int _silentAttempts;

    /// <summary>A link to the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tls://HOST:PORT</c>, <c>tcp://HOST:PORT</c>, <c>wss://HOST/PATH</c>, <c>ws://HOST/PATH</c> or <c>unix:///PATH</c>.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="access">How it is reached safely; null as the options state.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    /// <exception cref="SecurityFileException">A file with certificates cannot be used.</exception>
    public ServerLink(Uri address, CodecRegistry codecs, TransportOptions options, TimeProvider time, ServerAccess? access = null)
        : this((access ?? options.Security.Snapshot()).EndpointAt(address).ConnectAsync, address.ToString(), codecs, options, time, access)
    {
    }

    /// <summary>A link over channels that are made elsewhere.</summary>
    /// <param name="connect">Makes a channel to the server, which the link takes over.</param>
    /// <param name="address">What the server is called in messages.</param>
    public ServerLink(Func<CancellationToken, ValueTask<ByteChannel>> connect, string address, CodecRegistry codecs, TransportOptions options, TimeProvider time, ServerAccess? access = null) =>
        (_connect, _address, _codecs, _options, _time, _access, _replacementPause) =
            (connect, address, codecs, options, time, access ?? options.Security.Snapshot(), new(options.SilencePatience, options.NoProgressTimeout / 2, time));

    /// <summary>The clock.</summary>
    public TimeProvider Time => _time;

    /// <summary>How many connections were made so far.</summary>
    public int Connections => _made;

    /// <summary>Called when the last reference has been given back.</summary>
    public Action? Closed { get; set; }

    // Each attempt that meets silence lets the next last twice as long, for a path may be slow rather than dead.
    private TimeSpan AttemptLimit => LongestAttempt * (1 << Math.Min(_silentAttempts, 10)) is var limit && _options.ConnectTimeout < limit ? _options.ConnectTimeout : limit;

    /// <summary>Counts one more user, unless the last one has released the link.</summary>
    public bool TryAddReference()
    {
        for (var references = Volatile.Read(ref _references); references > 0;)
        {
            var found = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (found == references) return true;
            references = found;
        }

        return false;
    }

    /// <summary>Gives one reference back. With the last one the connection closes, and requests in flight fail.</summary>
    /// <returns>Whether it was the last.</returns>
    public async ValueTask<bool> ReleaseAsync()
    {
        if (Interlocked.Decrement(ref _references) > 0) return false;
        Closed?.Invoke();
        Task<ServerConnection>? connecting;
        lock (_gate) connecting = _connection;
        // Also ends an attempt to connect, so that there are no more connections afterwards.
        await _disposal.CancelAsync().ConfigureAwait(false);
        if (connecting is not null) await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ServerConnection[] connections;
        lock (_gate) connections = [.. _connections];
        foreach (var connection in connections) await connection.AbortAsync(new ObjectDisposedException(nameof(ITailTransport))).ConfigureAwait(false);
        return true;
    }

    /// <summary>Does what <see cref="ReleaseAsync"/> does.</summary>
    public async ValueTask DisposeAsync() => await ReleaseAsync().ConfigureAwait(false);

    /// <summary>Opens a model, connecting first where that is due.</summary>
    /// <exception cref="ServerUnreachableException">There is no connection, or no answer.</exception>
    /// <exception cref="TailRefusedException">The server refuses.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    public Task<OpenedModel> OpenAsync(RemoteModel model) => RepeatInSilenceAsync(async left =>
    {
        var opening = (await ConnectionAsync().ConfigureAwait(false)).OpenModel(model);
        try
        {
            return await opening.Opened.WaitAsync(left, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            opening.Abandon();
            throw Silence();
        }
    });

    /// <summary>Opens a model for one caller. Where that one leaves, the model is closed as soon as it is open, or the server would keep it for as long as others use the connection.</summary>
    /// <inheritdoc cref="OpenAsync(RemoteModel)"/>
    public async Task<OpenedModel> OpenAsync(RemoteModel model, CancellationToken cancellationToken)
    {
        var opening = OpenAsync(model);
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = CloseAsync(opening);
            throw;
        }
    }

    /// <summary>Closes a model once it is open. Never fails.</summary>
    public static async Task CloseAsync(Task<OpenedModel> opening)
    {
        try
        {
            var model = await opening.ConfigureAwait(false);
            model.Connection.CloseModel(model.Handle);
        }
#pragma warning disable CA1031 // Nobody waits for this, and whatever it fails with, there is no model to close.
        catch (Exception)
#pragma warning restore CA1031
        {
            // It was never open, or its connection has ended, and the server has closed it.
        }
    }

    /// <summary>The connection, made where that is due, once the server has welcomed the client.</summary>
    /// <exception cref="ServerUnreachableException">There is no connection, or no answer.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    public Task<ServerConnection> WelcomedAsync() => RepeatInSilenceAsync(async _ =>
    {
        var connection = await ConnectionAsync().ConfigureAwait(false);
        await connection.Welcomed.ConfigureAwait(false);
        connection.ThrowIfEnded();
        return connection;
    });

    /// <summary>Measures the time to the server and back, on another connection where the one that was asked fell silent and the server answers there.</summary>
    /// <param name="connect">The connection to ask now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServerUnreachableException">Among others where the server fell silent on one connection after the other for as long as it may make no progress.</exception>
    public async ValueTask<TimeSpan> PingAsync(Func<CancellationToken, ValueTask<ServerConnection>> connect, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var connection = await connect(cancellationToken).ConfigureAwait(false);
            try
            {
                return await connection.PingAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ServerUnreachableException lost) when (lost.IsSilence && HasOther(connection) && _time.GetElapsedTime(began) < _options.NoProgressTimeout)
            {
                // That one is asked next.
            }
        }
    }

    /// <summary>Whether there is another connection than <paramref name="lost"/>, on which the server has answered.</summary>
    public bool HasOther(ServerConnection lost)
    {
        lock (_gate) return _connection is { IsCompletedSuccessfully: true } connection && connection.Result != lost && connection.Result is { IsOpen: true, Terms: not null };
    }

    /// <summary>Does something that needs an answer, and again with a new connection where an attempt to connect met silence, until the time for it is up.</summary>
    private async Task<T> RepeatInSilenceAsync<T>(Func<TimeSpan, Task<T>> attempt)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            var left = _options.ConnectTimeout - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) throw Silence();
            try
            {
                return await attempt(left).ConfigureAwait(false);
            }
            catch (ServerUnreachableException unreachable) when (unreachable.IsSilence && !_disposal.IsCancellationRequested && _time.GetElapsedTime(began) < _options.ConnectTimeout)
            {
                // The next attempt may find a server that has come back.
            }
        }
    }

    private Task<ServerConnection> ConnectionAsync()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, typeof(ITailTransport));
            if (_connection is null or { IsFaulted: true } || (_connection.IsCompleted && !_connection.Result.IsOpen))
                using (ExecutionContext.SuppressFlow()) _connection = Task.Run(ConnectAsync);
            return _connection;
        }
    }

    /// <summary>Makes a channel and says hello; the server's answer is not waited for, so that a model can be opened right behind.</summary>
    private async Task<ServerConnection> ConnectAsync()
    {
        // Before the limit begins, which is one for the server: a key that comes late says nothing of how slow the path is.
        var key = await KeyAsync().ConfigureAwait(false);
        var limit = new CancellationTokenSource(AttemptLimit, _time);
        try
        {
            ByteChannel channel;
            await using (EndingWithLink(limit).ConfigureAwait(false)) channel = Wrapped(await _connect(limit.Token).ConfigureAwait(false));

            var connection = new ServerConnection(new(channel, _options.StallTimeout, _time), _address, _codecs, key, _options, ReplaceInDoubt, _time);
            bool isDisposed;
            lock (_gate)
            {
                _connections.RemoveAll(static one => one.HasEnded);
                _connections.Add(connection);
                _made++;
                isDisposed = _disposal.IsCancellationRequested;
            }

            if (isDisposed) await connection.AbortAsync(new ObjectDisposedException(nameof(ITailTransport))).ConfigureAwait(false);
            _ = LimitWelcomeAsync(connection, limit);
            return connection;
        }
        catch (Exception exception)
        {
            var isSilence = limit.IsCancellationRequested;
            limit.Dispose();
            ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, typeof(ITailTransport));
            if (isSilence)
            {
                _silentAttempts++;
                throw Silence();
            }

            if (exception is SplitInferException) throw;
            throw ConnectionLoss.NotConnected(_address, exception);
        }
    }

    private async Task<string> KeyAsync()
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        await using (EndingWithLink(limit).ConfigureAwait(false)) return await _access.KeyAsync(_keyQuestion, limit.Token).ConfigureAwait(false);
    }

    private CancellationTokenRegistration EndingWithLink(CancellationTokenSource limit) => _disposal.Token.UnsafeRegister(static l => ((CancellationTokenSource)l!).Cancel(), limit);

    private ByteChannel Wrapped(ByteChannel channel)
    {
        if (_options.WrapStream is not { } wrap) return channel;
        try
        {
            return new StreamChannel(wrap(new ChannelStream(channel)));
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    private async Task LimitWelcomeAsync(ServerConnection connection, CancellationTokenSource limit)
    {
        using (limit)
        await using (limit.Token.UnsafeRegister(_ => Expire(), null).ConfigureAwait(false))
            await connection.Welcomed.ConfigureAwait(false);
        if (connection.Terms is not null) _silentAttempts = 0;

        void Expire()
        {
            // The welcome may have come just now.
            if (connection.Welcomed.IsCompleted) return;
            _silentAttempts++;
            _ = connection.AbortAsync(ConnectionLoss.Silence(_options.ConnectTimeout));
        }
    }

    private Exception Silence() => ConnectionLoss.NotConnected(_address, ConnectionLoss.Silence(_options.ConnectTimeout));
}
