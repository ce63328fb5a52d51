using System.Net.Security;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.Server.Connections;

/// <content>Where it listens.</content>
internal sealed partial class FrameServer
{
    private readonly List<Task> _running = [];
    private readonly List<EndpointListener> _listeners = [];
    private readonly List<IWebSocketListener> _webSockets = [];

    /// <summary>Starts to listen at addresses of every scheme.</summary>
    /// <param name="addresses">The addresses.</param>
    /// <param name="host">Listens for WebSockets; null where no address is of those.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The addresses that clients use, in the same order, with the ports that were bound.</returns>
    /// <exception cref="EndpointException">An address cannot be used. The server may listen at others already.</exception>
    public async Task<IReadOnlyList<Uri>> StartAsync(IReadOnlyCollection<Uri> addresses, IWebSocketHost? host, CancellationToken cancellationToken = default)
    {
        var sockets = new Queue<Uri>(Start(addresses.Where(address => host is null || !WebSocketEndpoint.IsAt(address))));
        var bound = new List<Uri>(addresses.Count);
        foreach (var address in addresses)
            bound.Add(host is null || !WebSocketEndpoint.IsAt(address) ? sockets.Dequeue() : await ListenAsync(address, host, cancellationToken).ConfigureAwait(false));
        return bound;
    }

    /// <summary>Starts to listen at all of <paramref name="addresses"/>, none of which is of WebSockets, or at none.</summary>
    /// <returns>The addresses that clients use, in the same order, with the ports that were bound.</returns>
    /// <exception cref="EndpointException">An address cannot be used.</exception>
    public IReadOnlyList<Uri> Start(IEnumerable<Uri> addresses)
    {
        try
        {
            foreach (var endpoint in addresses.Select(address => Endpoint.Parse(address, tls)).ToList())
            {
                _listeners.Add(endpoint.Listen());
                if (faultOf?.Invoke(endpoint) is { } fault) server.Log.Insecure(_listeners[^1].Address, fault);
            }
        }
        catch
        {
            StopListening();
            throw;
        }

        if (server.Keys is { } keys) keys.Changed += DrainRemoved;
        foreach (var listener in _listeners)
        {
            server.Log.Listening(listener.Address);
            _running.Add(Task.Run(() => AcceptAsync(listener)));
        }

        return [.. _listeners.Select(static l => l.Address)];
    }

    /// <summary>Has an HTTP server listen at an address, which stays the caller's.</summary>
    /// <param name="address">The address.</param>
    /// <param name="listen">Listens there, with what makes a TLS handshake or null without TLS, and returns the address with the port that was bound.</param>
    /// <returns>The same.</returns>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    public Task<Uri> ListenHttpAsync(Uri address, Func<Func<PeerAddress, SslServerAuthenticationOptions>?, Task<Uri>> listen) => ListenAsync(HttpAddress.Parse(address, tls), listen);

    private async Task<Uri> ListenAsync(Endpoint endpoint, Func<Func<PeerAddress, SslServerAuthenticationOptions>?, Task<Uri>> listen)
    {
        if (endpoint.IsEncrypted && tls is null) throw new EndpointException($"Cannot listen at {endpoint} without a certificate. Give the server a certificate and its key.");
        var bound = await listen(endpoint.IsEncrypted ? peer => tls!.OptionsNow(reason => server.Log.HandshakeFailed(peer.Name, reason)) : null).ConfigureAwait(false);
        if (faultOf?.Invoke(endpoint) is { } fault) server.Log.Insecure(bound, fault);
        server.Log.Listening(bound);
        return bound;
    }

    private async Task<Uri> ListenAsync(Uri address, IWebSocketHost host, CancellationToken cancellationToken)
    {
        var endpoint = Endpoint.Parse(address, tls);
        return await ListenAsync(endpoint, async handshake =>
        {
            var listener = await host.ListenAsync(new(address, handshake, server.Limits.MaxConnections, server.Limits.HandshakeTimeout, FaultOfForwarded, ServeAsync), cancellationToken).ConfigureAwait(false);
            lock (_gate) _webSockets.Add(listener);
            return listener.Address;
        }).ConfigureAwait(false);

        string? FaultOfForwarded(PeerAddress peer)
        {
            if (faultOfForwarded?.Invoke(endpoint.IsEncrypted) is not { } fault) return null;
            Refused(peer, $"it would be served through a proxy {fault}");
            return fault;
        }
    }

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
                server.Log.ConnectionFailed("a client that was not accepted", exception);
                await Task.Delay(TimeSpan.FromMilliseconds(10), server.Time).ConfigureAwait(false);
            }
        }

        await Task.WhenAll(clients).ConfigureAwait(false);
    }

    private async Task StopListeningAsync()
    {
        StopListening();
        IWebSocketListener[] webSockets;
        lock (_gate)
        {
            webSockets = [.. _webSockets];
            _webSockets.Clear();
        }

        foreach (var listener in webSockets) await listener.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    private void StopListening()
    {
        IWebSocketListener[] webSockets;
        lock (_gate)
        {
            foreach (var listener in _listeners) listener.Dispose();
            _listeners.Clear();
            webSockets = [.. _webSockets];
        }

        foreach (var listener in webSockets) listener.StopListening();
    }
}
