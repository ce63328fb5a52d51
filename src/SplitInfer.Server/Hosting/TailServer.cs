using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Server.Hosting;

/// <summary>Listens, and serves every client that connects.</summary>
internal sealed class TailServer(ITailService service, CodecRegistry codecs, ServerLimits limits, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private readonly ServerContext _context = new(service, codecs, limits, time, log);
    private readonly Lock _gate = new();
    private readonly HashSet<TailConnection> _connections = [];
    private readonly List<Task> _running = [];
    private readonly List<EndpointListener> _listeners = [];
    private volatile bool _isStopping;
    private int _turningAway;

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
            ServerLog.Listening(log, listener.Address);
            _running.Add(Task.Run(() => AcceptAsync(listener)));
        }

        return [.. _listeners.Select(static l => l.Address)];
    }

    /// <summary>Serves one client over a channel that was made elsewhere, which it takes over.</summary>
    /// <returns>Done when the client has left.</returns>
    public async Task ServeAsync(ByteChannel channel)
    {
        var connection = new TailConnection(channel, _context);
        if (Refuse(connection) is { } refusal)
        {
            await TurnAwayAsync(connection, refusal).ConfigureAwait(false);
            return;
        }

        await connection.RunAsync().ConfigureAwait(false);
        lock (_gate) _connections.Remove(connection);
    }

    /// <summary>Stops listening, lets every client finish what is in flight, and leaves; at once when <paramref name="cancellationToken"/> fires.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        TailConnection[] connections;
        lock (_gate)
        {
            _isStopping = true;
            connections = [.. _connections];
        }

        StopListening();
        await using (cancellationToken.UnsafeRegister(static c => Array.ForEach((TailConnection[])c!, static one => one.Dispose()), connections).ConfigureAwait(false))
            await Task.WhenAll(connections.Select(static c => c.DrainAsync())).ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    /// <summary>Leaves at once.</summary>
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
                // One client that left before it was accepted, or no handle left for now: the others are served on.
                ServerLog.ConnectionFailed(log, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
            }
        }

        await Task.WhenAll(clients).ConfigureAwait(false);
    }

    private Refusal? Refuse(TailConnection connection)
    {
        lock (_gate)
        {
            if (_isStopping) return Refusal.ShuttingDown;
            if (_connections.Count >= limits.MaxConnections) return Refusal.Busy;
            _connections.Add(connection);
            return null;
        }
    }

    /// <summary>Says why, unless so many are being told already that telling would be the load.</summary>
    private async Task TurnAwayAsync(TailConnection connection, Refusal refusal)
    {
        if (Interlocked.Increment(ref _turningAway) <= limits.MaxConnections) await connection.RefuseAsync(refusal).ConfigureAwait(false);
        else connection.Dispose();
        Interlocked.Decrement(ref _turningAway);
    }

    private void StopListening()
    {
        foreach (var listener in _listeners) listener.Dispose();
        _listeners.Clear();
    }
}
