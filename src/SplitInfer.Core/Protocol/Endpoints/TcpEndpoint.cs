using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary><c>tcp://HOST:PORT</c>. Port 0 listens at a free one.</summary>
internal sealed class TcpEndpoint(string host, int port) : Endpoint
{
    private const int Backlog = 512;

    public static new TcpEndpoint Parse(Uri address)
    {
        if (address.Host.Length == 0 || address.Port < 0)
            throw new EndpointException($"'{address}' names no {(address.Host.Length == 0 ? "host" : "port")}. Write tcp://HOST:PORT.");
        if (address.PathAndQuery is not ("" or "/"))
            throw new EndpointException($"'{address}' has a path, which tcp:// does not. Write tcp://HOST:PORT.");
        return new(address.IdnHost, address.Port);
    }

    public override async ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // An idle connection to a machine that is gone would else look alive for ever.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return new SocketChannel(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override EndpointListener Listen()
    {
        Socket? socket = null;
        try
        {
            var address = IPAddress.TryParse(host, out var literal) ? literal : Dns.GetHostAddresses(host)[0];
            socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return new(socket, new TcpEndpoint(host, ((IPEndPoint)socket.LocalEndPoint!).Port).Address);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new EndpointException($"Cannot listen at {this}: {exception.Message}. Choose an address of this machine and a port that is free, or port 0 for any.", exception);
        }
    }

    public override string ToString() => Address.OriginalString;

    private Uri Address => new($"tcp://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}");
}
