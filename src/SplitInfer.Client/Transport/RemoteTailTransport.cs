using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>Sends boundaries to a server. Connects when a request needs it, and anew when the connection was lost; callers share one connection. Safe for concurrent use.</summary>
public sealed class RemoteTailTransport : ITailTransport
{
    private readonly Func<CancellationToken, ValueTask<ByteChannel>> _connect;
    private readonly string _address;
    private readonly ClientHandshake _handshake;
    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task<ServerConnection>? _connection;

    /// <summary>A transport to the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tcp://HOST:PORT</c> or <c>unix:///PATH</c>.</param>
    /// <param name="model">Name of the model in the server's repository.</param>
    /// <param name="version">Its version; empty asks for the latest.</param>
    /// <param name="plan">The client's plan of the same model.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    public RemoteTailTransport(Uri address, string model, string version, PartitionPlan plan, CodecRegistry codecs, TransportOptions options, TimeProvider time)
        : this(Endpoint.Parse(address).ConnectAsync, address.ToString(), model, version, plan, codecs, options, time)
    {
    }

    /// <summary>A transport over channels that are made elsewhere.</summary>
    /// <param name="connect">Makes a channel to the server, which the transport takes over.</param>
    /// <param name="address">What the server is called in messages.</param>
    internal RemoteTailTransport(Func<CancellationToken, ValueTask<ByteChannel>> connect, string address, string model, string version, PartitionPlan plan, CodecRegistry codecs, TransportOptions options, TimeProvider time)
    {
        (_connect, _address, _options, _time) = (connect, address, options, time);
        _handshake = new(model, version, plan, new(plan), codecs);
    }

    /// <inheritdoc/>
    public TransportCapabilities Capabilities => TransportCapabilities.Ping;

    /// <inheritdoc/>
    public ImmutableArray<string> AcceptedCodecs =>
        Volatile.Read(ref _connection) is { IsCompletedSuccessfully: true } connection ? connection.Result.Terms.CodecNames : [];

    /// <inheritdoc/>
    public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<TailReply>(cancellationToken);
        try
        {
            var connection = Connection();
            return connection.IsCompletedSuccessfully
                ? connection.Result.SendAsync(request, cancellationToken)
                : ConnectAndSendAsync(connection, request, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<TailReply>(exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        var connection = await Connection().WaitAsync(cancellationToken).ConfigureAwait(false);
        return await connection.PingAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connection; requests in flight fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<ServerConnection>? connection;
        lock (_gate)
        {
            _disposal.Cancel();
            connection = _connection;
        }

        if (connection is null) return;
        try
        {
            await (await connection.ConfigureAwait(false)).AbortAsync(new ObjectDisposedException(nameof(RemoteTailTransport))).ConfigureAwait(false);
        }
        catch (SplitInferException)
        {
            // There never was a connection.
        }
    }

    private static async ValueTask<TailReply> ConnectAndSendAsync(Task<ServerConnection> connecting, TailRequest request, CancellationToken cancellationToken)
    {
        var connection = await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private Task<ServerConnection> Connection()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, this);
            if (_connection is null or { IsFaulted: true } || (_connection.IsCompleted && !_connection.Result.IsOpen))
                using (ExecutionContext.SuppressFlow()) _connection = Task.Run(ConnectAsync);
            return _connection;
        }
    }

    private async Task<ServerConnection> ConnectAsync()
    {
        FrameConnection? connection = null;
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var disposal = _disposal.Token.UnsafeRegister(static l => ((CancellationTokenSource)l!).Cancel(), limit);
        try
        {
            connection = new(await _connect(limit.Token).ConfigureAwait(false), _options.StallTimeout, _time);
            await using (limit.Token.UnsafeRegister(static c => ((FrameConnection)c!).Abort(new TimeoutException()), connection).ConfigureAwait(false))
                return new(connection, await _handshake.AgreeAsync(connection, _address).ConfigureAwait(false), _options, _time);
        }
        catch (Exception exception)
        {
            connection?.Dispose();
            if (exception is SplitInferException) throw;
            throw Unreachable(limit.IsCancellationRequested ? $"no answer came within {_options.ConnectTimeout.TotalSeconds:0.###} s" : exception.Message, exception);
        }
    }

    private ServerUnreachableException Unreachable(string reason, Exception exception) =>
        new($"No server can be reached at {_address}: {reason.TrimEnd('.')}. Check that a SplitInfer server runs there, that the address and the port are right, and that no firewall is between.", exception);
}
