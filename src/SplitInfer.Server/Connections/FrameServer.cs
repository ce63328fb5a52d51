using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>Listens, and serves every client that connects.</summary>
internal sealed class FrameServer(ServerContext server) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<ClientConnection> _connections = [];
    private readonly List<Task> _running = [];
    private readonly List<EndpointListener> _listeners = [];
    private volatile bool _isStopping;
    private int _rejecting;
    private long _clients;

    /// <summary>Starts to listen at all of <paramref name="addresses"/>, or at none.</summary>
    /// <returns>The addresses that clients use, in the same order, with the ports that were bound.</returns>
    /// <exception cref="EndpointException">An address cannot be used.</exception>
    public IReadOnlyList<Uri> Start(IEnumerable<Uri> addresses)
    {
        try
        {
            foreach (var endpoint in addresses.Select(Endpoint.Parse).ToList()) _listeners.Add(endpoint.Listen());
        }
        catch
        {
            StopListening();
            throw;
        }

        foreach (var listener in _listeners)
        {
            ServerLog.Listening(server.Log, listener.Address);
            _running.Add(Task.Run(() => AcceptAsync(listener)));
        }

        return [.. _listeners.Select(static l => l.Address)];
    }

    /// <summary>Serves one client over a channel that was made elsewhere, which it takes over.</summary>
    /// <returns>Done when the connection is closed.</returns>
    public async Task ServeAsync(ByteChannel channel)
    {
        var connection = new ClientConnection(channel, server, Interlocked.Increment(ref _clients));
        if (Refuse(connection) is { } refusal)
        {
            await RejectAsync(connection, refusal).ConfigureAwait(false);
            return;
        }

        await connection.RunAsync().ConfigureAwait(false);
        lock (_gate) _connections.Remove(connection);
    }

    /// <summary>Takes no new connection, lets every connection finish the requests in flight, closes it, and stops listening; at once when <paramref name="cancellationToken"/> fires.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        ClientConnection[] connections;
        lock (_gate)
        {
            _isStopping = true;
            connections = [.. _connections];
        }

        // Who connects meanwhile is told that the server is shutting down, rather than finding no one.
        await using (cancellationToken.UnsafeRegister(static c => Array.ForEach((ClientConnection[])c!, static one => one.Dispose()), connections).ConfigureAwait(false))
            await Task.WhenAll(connections.Select(static c => c.DrainAsync())).ConfigureAwait(false);
        StopListening();
        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    /// <summary>Closes every connection at once.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);

    private async Task AcceptAsync(EndpointListener listener)
    {
        var clients = new List<Task>();
        while (true)
        {
            try
            {
                var channel = await listener.AcceptAsync().ConfigureAwait(false);
                clients.RemoveAll(static c => c.IsCompleted);
                clients.Add(Task.Run(() => ServeAsync(channel)));
            }
            catch (Exception) when (_isStopping)
            {
                break;
            }
            catch (Exception exception)
            {
                // A client that disconnected before it was accepted, or no file handle free for now: the others are still served.
                ServerLog.ConnectionFailed(server.Log, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(10), server.Time).ConfigureAwait(false);
            }
        }

        await Task.WhenAll(clients).ConfigureAwait(false);
    }

    private Refusal? Refuse(ClientConnection connection)
    {
        lock (_gate)
        {
            if (_isStopping) return Refusal.ShuttingDown;
            if (_connections.Count >= server.Limits.MaxConnections) return Refusal.Busy;
            _connections.Add(connection);
            return null;
        }
    }

    /// <summary>Tells a client why it is rejected, unless so many are being told already that the telling itself would be the load.</summary>
    private async Task RejectAsync(ClientConnection connection, Refusal refusal)
    {
        if (Interlocked.Increment(ref _rejecting) <= server.Limits.MaxConnections) await connection.RejectAsync(refusal).ConfigureAwait(false);
        else connection.Dispose();
        Interlocked.Decrement(ref _rejecting);
    }

    private void StopListening()
    {
        lock (_gate)
        {
            foreach (var listener in _listeners) listener.Dispose();
            _listeners.Clear();
        }
    }
}
