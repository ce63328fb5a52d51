using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>
/// Connects to a host that has several addresses: to one after the other, the next a moment after the one before or as soon as that has failed, and keeps
/// the first connection that comes about. An address that never answers, such as IPv6 behind a router that does not carry it, costs no more
/// than that moment.
/// </summary>
internal static class StaggeredConnect
{
    // Longer than most round trips, so that usually one connection is made.
    private static readonly TimeSpan Stagger = TimeSpan.FromSeconds(0.25);

    /// <summary>Connects.</summary>
    /// <param name="addresses">The addresses of the host, the preferred first; at least one.</param>
    /// <param name="port">The port.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">No address answers; the error is that of the first.</exception>
    public static async Task<Socket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        if (addresses.Length == 1) return await ConnectAsync(addresses[0], port, cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var attempts = new List<Task<Socket>>();
        try
        {
            foreach (var address in Alternating(addresses))
            {
                attempts.Add(ConnectAsync(address, port, stop.Token));
                if (attempts[^1].IsFaulted) continue;
                using var next = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny([.. attempts.Where(static one => !one.IsFaulted), Task.Delay(Stagger, TimeProvider.System, next.Token)]).ConfigureAwait(false);
                await next.CancelAsync().ConfigureAwait(false);
                if (attempts.Find(static one => one.IsCompletedSuccessfully) is not null) break;
            }

            // Looked at once: an attempt may end at any moment.
            while (attempts.Find(static one => one.IsCompletedSuccessfully) is null && attempts.FindAll(static one => !one.IsCompleted) is { Count: > 0 } open)
                await Task.WhenAny(open).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var first = attempts.Find(static one => one.IsCompletedSuccessfully) ?? attempts[0];
            attempts.Remove(first);
            return await first.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var attempt in attempts) _ = DropAsync(attempt);
        }
    }

    /// <summary>One of each family after the other, as where a whole family leads nowhere.</summary>
    private static IEnumerable<IPAddress> Alternating(IPAddress[] addresses)
    {
        var families = addresses.GroupBy(static address => address.AddressFamily).Select(static family => family.ToArray()).ToArray();
        for (var place = 0; place < families.Max(static family => family.Length); place++)
            foreach (var family in families)
                if (place < family.Length) yield return family[place];
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task DropAsync(Task<Socket> attempt)
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully) attempt.Result.Dispose();
    }
}
