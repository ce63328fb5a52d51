using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>
/// The way to one server, which the transports of several models share. Has one connection at a time; connects when a request needs it, and
/// anew when the connection was lost or the server goes away. Closed with its last reference; begins with one.
/// </summary>
internal sealed class ServerLink : IAsyncDisposable
{
    private readonly Func<CancellationToken, ValueTask<ByteChannel>> _connect;
    private readonly string _address;
    private readonly CodecRegistry _codecs;
    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task<ServerConnection>? _connection;
    private int _references = 1;

    /// <summary>A link to the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tcp://HOST:PORT</c> or <c>unix:///PATH</c>.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    public ServerLink(Uri address, CodecRegistry codecs, TransportOptions options, TimeProvider time)
        : this(Endpoint.Parse(address).ConnectAsync, address.ToString(), codecs, options, time)
    {
    }

    /// <summary>A link over channels that are made elsewhere.</summary>
    /// <param name="connect">Makes a channel to the server, which the link takes over.</param>
    /// <param name="address">What the server is called in messages.</param>
    public ServerLink(Func<CancellationToken, ValueTask<ByteChannel>> connect, string address, CodecRegistry codecs, TransportOptions options, TimeProvider time) =>
        (_connect, _address, _codecs, _options, _time) = (connect, address, codecs, options, time);

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
        Task<ServerConnection>? connection;
        lock (_gate)
        {
            _disposal.Cancel();
            connection = _connection;
        }

        if (connection is null) return true;
        try
        {
            await (await connection.ConfigureAwait(false)).AbortAsync(new ObjectDisposedException(nameof(ITailTransport))).ConfigureAwait(false);
        }
        catch (SplitInferException)
        {
            // There never was a connection.
        }

        return true;
    }

    /// <summary>Does what <see cref="ReleaseAsync"/> does.</summary>
    public async ValueTask DisposeAsync() => await ReleaseAsync().ConfigureAwait(false);

    /// <summary>Opens a model, connecting first where that is due.</summary>
    /// <exception cref="ServerUnreachableException">There is no connection, or no answer.</exception>
    /// <exception cref="TailRefusedException">The server refuses.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    public async Task<OpenedModel> OpenAsync(RemoteModel model)
    {
        var opening = (await ConnectionAsync().ConfigureAwait(false)).OpenModel(model);
        try
        {
            return await opening.Opened.WaitAsync(_options.ConnectTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            opening.Abandon();
            throw ConnectionLoss.NotConnected(_address, ConnectionLoss.Silence(_options.ConnectTimeout));
        }
    }

    /// <summary>The connection, made where that is due, once the server has welcomed the client.</summary>
    /// <exception cref="ServerUnreachableException">There is no connection, or no answer.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    public async Task<ServerConnection> WelcomedAsync()
    {
        var connection = await ConnectionAsync().ConfigureAwait(false);
        await connection.Welcomed.ConfigureAwait(false);
        connection.ThrowIfEnded();
        return connection;
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
        var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        try
        {
            ByteChannel channel;
            await using (_disposal.Token.UnsafeRegister(static l => ((CancellationTokenSource)l!).Cancel(), limit).ConfigureAwait(false))
                channel = await _connect(limit.Token).ConfigureAwait(false);
            var connection = new ServerConnection(new(channel, _options.StallTimeout, _time), _address, _codecs, _options, _time);
            _ = LimitWelcomeAsync(connection, limit);
            return connection;
        }
        catch (Exception exception)
        {
            var reason = limit.IsCancellationRequested ? ConnectionLoss.Silence(_options.ConnectTimeout) : exception;
            limit.Dispose();
            if (exception is SplitInferException) throw;
            throw ConnectionLoss.NotConnected(_address, reason);
        }
    }

    private async Task LimitWelcomeAsync(ServerConnection connection, CancellationTokenSource limit)
    {
        using (limit)
        await using (limit.Token.UnsafeRegister(_ => Expire(), null).ConfigureAwait(false))
            await connection.Welcomed.ConfigureAwait(false);

        void Expire()
        {
            // The welcome may have come just now.
            if (!connection.Welcomed.IsCompleted) _ = connection.AbortAsync(ConnectionLoss.Silence(_options.ConnectTimeout));
        }
    }
}
