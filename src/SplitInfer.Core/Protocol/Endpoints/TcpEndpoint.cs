using System.Net;
using System.Net.Sockets;
using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Protocol.Endpoints;

/// <summary><c>tcp://HOST:PORT</c>, or <c>tls://HOST:PORT</c>, which is the same under TLS 1.3. Port 0 listens at a free one.</summary>
/// <param name="host">A name or an address.</param>
/// <param name="port">The port.</param>
/// <param name="party">What this end brings to a handshake; null without TLS.</param>
internal sealed class TcpEndpoint(string host, int port, TlsParty? party) : Endpoint
{
    private const int Backlog = 512;

    private string Scheme => party is null ? "tcp" : "tls";

    public override bool IsLocal => IPAddress.TryParse(host, out var literal) ? IPAddress.IsLoopback(literal) : host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    public override bool IsEncrypted => party is not null;

    public static new TcpEndpoint Parse(Uri address, TlsParty? party)
    {
        if (address.Host.Length == 0 || address.Port < 0)
            throw new EndpointException($"'{address}' names no {(address.Host.Length == 0 ? "host" : "port")}. Write {address.Scheme}://HOST:PORT.");
        if (address.PathAndQuery is not ("" or "/"))
            throw new EndpointException($"'{address}' has a path, which {address.Scheme}:// does not. Write {address.Scheme}://HOST:PORT.");
        return new(address.IdnHost, address.Port, party);
    }

    public override async ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        // Asked anew for each connection, since a server that has moved has another address under its name.
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        var socket = await StaggeredConnect.ConnectAsync(addresses, port, cancellationToken).ConfigureAwait(false);
        try
        {
            return Secure(new SocketChannel(socket));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override EndpointListener Listen()
    {
        if (party is TlsClient) throw new EndpointException($"Cannot listen at {this} without a certificate. Give the server a certificate and its key.");
        Socket? socket = null;
        try
        {
            var address = IPAddress.TryParse(host, out var literal) ? literal : Dns.GetHostAddresses(host)[0];
            socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return new(socket, new TcpEndpoint(host, ((IPEndPoint)socket.LocalEndPoint!).Port, party).Address, Secure);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new EndpointException($"Cannot listen at {this}: {exception.Message}. Choose an address of this machine and a port that is free, or port 0 for any.", exception);
        }
    }

    public override string ToString() => Address.OriginalString;

    private ByteChannel Secure(ByteChannel channel) => party is null ? channel : new TlsChannel(channel, party, host);

    private Uri Address => new($"{Scheme}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}");
}
