using System.Net;
using System.Net.Sockets;
using SplitInfer.Emulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A port of this machine behind which a server is, over an emulated link: for clients of several servers, whose links differ.</summary>
internal sealed class RelayedLink : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Task> _connections = [];
    private readonly Uri _server;
    private readonly Task _accepting;

    /// <summary>Begins to listen.</summary>
    /// <param name="server">The server, by TCP.</param>
    /// <param name="link">The link.</param>
    public RelayedLink(Uri server, EmulatedLink link)
    {
        (_server, Link) = (server, link);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The link.</summary>
    public EmulatedLink Link { get; }

    /// <summary>Where clients find the server.</summary>
    public Uri Address => new($"tcp://{_listener.LocalEndpoint}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections).ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _connections.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_end.Token).ConfigureAwait(false)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody is to be accepted any more.
        }
    }

    private async Task RelayAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                (near.NoDelay, far.NoDelay) = (true, true);
                await far.ConnectAsync(_server.Host, _server.Port, _end.Token).ConfigureAwait(false);
                await using var link = Link.Wrap(far.GetStream());
                // Whichever side ends ends both.
                await Task.WhenAny(near.GetStream().CopyToAsync(link, _end.Token), link.CopyToAsync(near.GetStream(), _end.Token)).ConfigureAwait(false);
            }
            catch (Exception error) when (error is OperationCanceledException or IOException or SocketException)
            {
                // The connection ends with this.
            }
        }
    }
}
