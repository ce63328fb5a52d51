using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>Where a server listens, by the scheme of its address. Immutable.</summary>
internal abstract class Endpoint
{
    /// <summary>Reads an address.</summary>
    /// <exception cref="EndpointException">It is not one that can be used; the message says why.</exception>
    public static Endpoint Parse(Uri address)
    {
        if (!address.IsAbsoluteUri)
            throw new EndpointException($"'{address}' is not a whole address. Write tcp://HOST:PORT or unix:///PATH.");
        return address.Scheme switch
        {
            "tcp" => TcpEndpoint.Parse(address),
            "unix" => UnixEndpoint.Parse(address),
            "tls" or "ws" or "wss" => throw new EndpointException($"'{address}' cannot be used: {address.Scheme}:// is not in this release. Use tcp://HOST:PORT or unix:///PATH."),
            _ => throw new EndpointException($"'{address}' has the unknown scheme '{address.Scheme}'. Write tcp://HOST:PORT or unix:///PATH."),
        };
    }

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nothing answers there.</exception>
    public abstract ValueTask<ByteChannel> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Starts to listen.</summary>
    /// <exception cref="EndpointException">The address is taken or cannot be listened at.</exception>
    public abstract EndpointListener Listen();

    /// <summary>The address.</summary>
    public abstract override string ToString();
}
