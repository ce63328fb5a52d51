using System.Security.Cryptography.X509Certificates;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>Listens, and serves every client that connects.</summary>
/// <param name="server">What its connections share.</param>
/// <param name="tls">The server's part of a TLS handshake; null where it has no certificate.</param>
/// <param name="faultOf">What is wrong with listening at an address, of which it warns; null where nothing is.</param>
/// <param name="faultOfForwarded">What is wrong with serving a client that a proxy sends to an address, encrypted or not; null where nothing is.</param>
internal sealed partial class FrameServer(ServerContext server, TlsServer? tls = null, Func<Endpoint, string?>? faultOf = null, Func<bool, string?>? faultOfForwarded = null) : IAsyncDisposable
{
    // A connection that was made just now is about to be used.
    private static readonly TimeSpan LeastIdle = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<ClientConnection> _connections = [];
    private volatile bool _isStopping;
    private int _rejecting;
    private long _clients;

    /// <summary>Serves one client over a channel that was made elsewhere, which it takes over.</summary>
    /// <returns>Done when the connection is closed.</returns>
    public async Task ServeAsync(ByteChannel channel)
    {
        var connection = new ClientConnection(channel, server, Interlocked.Increment(ref _clients));
        if (Admit(connection) is { } refusal)
        {
            await RejectAsync(connection, refusal).ConfigureAwait(false);
            return;
        }

        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate) _connections.Remove(connection);
        }
    }

    /// <summary>What its connections share, also with requests that come by other ways.</summary>
    public ServerContext Context => server;

    /// <summary>Open connections.</summary>
    public int ConnectionCount
    {
        get { lock (_gate) return _connections.Count; }
    }

    /// <summary>The clients that have been let in, in the order in which they came.</summary>
    public IReadOnlyList<ClientStatus> Clients
    {
        get
        {
            ClientConnection[] connections;
            lock (_gate) connections = [.. _connections];
            return [.. connections.Select(static connection => connection.Status).OfType<ClientStatus>().OrderBy(static client => client.Number)];
        }
    }

    /// <summary>How busy the server is, as somebody would find it who comes now.</summary>
    public ServerLoad Load => server.Scheduler.LoadFor(machine: "", connection: 0);

    /// <summary>What received boundaries and unread replies hold, in bytes.</summary>
    public long HeldBytes => server.Machines.HeldBytes;

    /// <summary>Whether a certificate is of one of the authorities that sign those of clients.</summary>
    public bool Trusts(X509Certificate2 certificate) => tls?.Trusts(certificate) == true;

    /// <summary>Whether whoever presents a key, or none, may know of the server: everybody may where no keys are required.</summary>
    public bool Admits(string? key) => server.Keys is not { } keys || (key is { Length: > 0 } && keys.Find(key) is not null);

    /// <summary>Whether a key is one of those that clients may have.</summary>
    public bool KnowsKey(string key) => server.Keys?.Find(key) is not null;

    /// <summary>A client was not let in by the HTTP server that it came through.</summary>
    public void Refused(PeerAddress peer, string reason) => server.Log.ConnectionRefused(peer.Name, reason);

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
            await Task.WhenAll(connections.Select(static c => c.DrainAsync(Refusal.ShuttingDown))).ConfigureAwait(false);
        await StopListeningAsync().ConfigureAwait(false);
    }

    /// <summary>Closes every connection at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        server.Keys?.Dispose();
        server.Log.Dispose();
    }

    private Refusal? Admit(ClientConnection connection)
    {
        var (refusal, leaving) = Admit(connection, server.Time.GetTimestamp());
        // Without the lock, since a log may be slow.
        if (leaving is { } idle)
        {
            server.Log.IdleClosed(idle.Connection.Name, idle.For.TotalSeconds);
            _ = Task.Run(() => idle.Connection.DrainAsync(Refusal.Closed));
        }

        return refusal;
    }

    /// <summary>Whether there is room for a connection, and which one leaves for it.</summary>
    private (Refusal? Refusal, (ClientConnection Connection, TimeSpan For)? Leaving) Admit(ClientConnection connection, long now)
    {
        lock (_gate)
        {
            if (_isStopping) return (Refusal.ShuttingDown, null);
            // Those that were told to leave still have a socket each, for a moment.
            if (_connections.Count >= 2 * server.Limits.MaxConnections) return (Refusal.Crowded, null);
            var staying = _connections.Where(static other => !other.IsLeaving).ToLookup(static other => other.Peer.Machine);
            var own = staying[connection.Peer.Machine];
            IEnumerable<ClientConnection>? among = null;
            if (own.Count() >= server.Limits.MaxConnectionsPerMachine)
            {
                among = own;
            }
            else if (staying.Sum(static machine => machine.Count()) >= server.Limits.MaxConnections)
            {
                // Whoever has most gives way to one that has less; among equals, whoever has been idle longest.
                among = staying.MaxBy(static machine => machine.Count()) is { } most && most.Count() > own.Count() + 1 ? most : staying.SelectMany(static machine => machine);
            }

            var leaving = among is null ? null : Idlest(among, now);
            if (among is not null && leaving is null) return (Refusal.Crowded, null);
            leaving?.Connection.BeginLeaving();
            _connections.Add(connection);
            return (null, leaving);
        }
    }

    /// <summary>The connection that has been idle longest, unless that is not long: clients that do nothing keep no one out, and connect anew when they have something to do.</summary>
    private (ClientConnection Connection, TimeSpan For)? Idlest(IEnumerable<ClientConnection> among, long now)
    {
        var (idlest, since) = (default(ClientConnection), now);
        foreach (var connection in among)
            if (connection.IdleSince is { } idle && idle < since) (idlest, since) = (connection, idle);
        var idleFor = server.Time.GetElapsedTime(since, now);
        return idlest is null || idleFor < LeastIdle ? null : (idlest, idleFor);
    }

    /// <summary>Keys were removed: their clients finish what is in flight, and leave.</summary>
    private void DrainRemoved()
    {
        ClientConnection[] removed;
        lock (_gate) removed = [.. _connections.Where(static connection => connection is { IsLeaving: false, HasValidKey: false })];
        foreach (var connection in removed)
        {
            connection.BeginLeaving();
            _ = Task.Run(() => connection.DrainAsync(Refusal.Closed));
        }

        // Afterwards, since a log may be slow or fail.
        foreach (var connection in removed) server.Log.KeyRemoved(connection.Name);
    }

    /// <summary>Tells a client why it is rejected, unless so many are being told already that the telling itself would be the load.</summary>
    private async Task RejectAsync(ClientConnection connection, Refusal refusal)
    {
        try
        {
            if (Interlocked.Increment(ref _rejecting) <= server.Limits.MaxConnections) await connection.RejectAsync(refusal).ConfigureAwait(false);
            else connection.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _rejecting);
        }
    }
}
