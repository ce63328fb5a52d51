using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>
/// Connections that have not become a WebSocket yet, which is where a server's limits take over. Where there are too many, the machine with the most of them
/// loses its oldest, so that those which never go on keep no one out. Thread-safe.
/// </summary>
/// <param name="max">Such connections at a time.</param>
internal sealed class PendingUpgrades(int max)
{
    private static readonly object Key = new();

    private readonly Lock _gate = new();

    // The oldest first.
    private readonly List<Pending> _pending = [];

    /// <summary>Counts a connection until it has ended or become a WebSocket.</summary>
    public async Task TrackAsync(ConnectionContext connection, Func<Task> next)
    {
        var pending = new Pending(connection, connection.RemoteEndPoint is IPEndPoint end ? PeerAddress.Of(end).Machine : "");
        connection.Items[Key] = pending;
        Enter(pending)?.Abort();
        try
        {
            await next().ConfigureAwait(false);
        }
        finally
        {
            Leave(pending);
        }
    }

    /// <summary>The connection of a request has become a WebSocket.</summary>
    public void Complete(HttpContext context)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items[Key] is Pending pending) Leave(pending);
    }

    /// <summary>Ends all of them.</summary>
    public void AbortAll()
    {
        Pending[] left;
        lock (_gate) left = [.. _pending];
        foreach (var pending in left) pending.Abort();
    }

    private Pending? Enter(Pending entering)
    {
        lock (_gate)
        {
            _pending.Add(entering);
            if (_pending.Count <= max) return null;
            var machine = _pending.CountBy(static one => one.Machine).MaxBy(static count => count.Value).Key;
            var oldest = _pending.First(one => one.Machine == machine);
            _pending.Remove(oldest);
            return oldest;
        }
    }

    private void Leave(Pending leaving)
    {
        lock (_gate) _pending.Remove(leaving);
    }

    private sealed class Pending(ConnectionContext connection, string machine)
    {
        public string Machine => machine;

        public void Abort() => connection.Abort(new ConnectionAbortedException("It did not become a WebSocket soon enough."));
    }
}
