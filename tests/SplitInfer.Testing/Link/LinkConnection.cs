using System.Net.Sockets;

namespace SplitInfer.Testing.Link;

/// <summary>One connection through a link: the socket of the client and that of the server.</summary>
internal sealed class LinkConnection(Socket client, Socket server) : IDisposable
{
    private readonly CancellationTokenSource _severed = new();

    /// <summary>Carries both directions until both have ended, or one fails.</summary>
    public async Task CarryAsync(LinkDirection up, LinkDirection down)
    {
        // Either direction that fails takes the other with it, as a reset does.
        await Task.WhenAll(CarryAsync(up, client, server), CarryAsync(down, server, client));
    }

    /// <summary>Resets both ends.</summary>
    public void Sever()
    {
        _severed.Cancel();
        client.Close(timeout: 0);
        server.Close(timeout: 0);
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
        _severed.Dispose();
    }

    private async Task CarryAsync(LinkDirection direction, Socket from, Socket to)
    {
        try
        {
            await direction.CarryAsync(from, to, _severed.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Sever();
        }
    }
}
