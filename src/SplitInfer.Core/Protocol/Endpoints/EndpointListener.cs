using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>A listening socket, which it owns.</summary>
/// <param name="socket">Bound and listening.</param>
/// <param name="address">The address that clients use; its port is the one that was bound.</param>
/// <param name="secure">Makes a channel of a client's the one that is served; null to serve it as it is. Must not wait for the client.</param>
/// <param name="afterwards">What is left to do once the socket is closed.</param>
internal sealed class EndpointListener(Socket socket, Uri address, Func<ByteChannel, ByteChannel>? secure = null, Action? afterwards = null) : IDisposable
{
    /// <summary>The address that clients use.</summary>
    public Uri Address => address;

    /// <summary>Waits for the next client; fails once the listener is disposed.</summary>
    public async ValueTask<ByteChannel> AcceptAsync()
    {
        var channel = new SocketChannel(await socket.AcceptAsync().ConfigureAwait(false));
        return secure is null ? channel : secure(channel);
    }

    public void Dispose()
    {
        socket.Dispose();
        afterwards?.Invoke();
    }
}
