using System.Net.Sockets;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>Where a server listens, by the scheme of its address. Immutable.</summary>
internal abstract class Endpoint
{
    private const string Forms = "tls://HOST:PORT, tcp://HOST:PORT, wss://HOST:PORT/PATH, ws://HOST:PORT/PATH or unix:///PATH";

    /// <summary>Reads an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="party">What this end brings to a handshake at tls:// and wss://; null for a client that trusts what the system trusts.</param>
    /// <exception cref="EndpointException">It is not one that can be used; the message says why.</exception>
    public static Endpoint Parse(Uri address, TlsParty? party = null)
    {
        if (!address.IsAbsoluteUri)
            throw new EndpointException($"'{address}' is not a whole address. Write {Forms}.");
        return address.Scheme switch
        {
            "tcp" => TcpEndpoint.Parse(address, null),
            "tls" => TcpEndpoint.Parse(address, party ?? TlsClient.Default),
            "unix" => UnixEndpoint.Parse(address),
            "ws" => WebSocketEndpoint.Parse(address, null),
            "wss" => WebSocketEndpoint.Parse(address, party ?? TlsClient.Default),
            _ => throw new EndpointException($"'{address}' has the unknown scheme '{address.Scheme}'. Write {Forms}."),
        };
    }

    /// <summary>Whether only programs on this machine reach it, as far as the address tells without asking anyone for names.</summary>
    public abstract bool IsLocal { get; }

    /// <summary>Whether what travels is encrypted.</summary>
    public virtual bool IsEncrypted => false;

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nothing answers there.</exception>
    /// <exception cref="IOException">What answers there does not speak what the scheme asks for.</exception>
    public abstract ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Starts to listen.</summary>
    /// <exception cref="EndpointException">The address is taken or cannot be listened at.</exception>
    public abstract EndpointListener Listen();

    /// <summary>The address.</summary>
    public abstract override string ToString();
}
