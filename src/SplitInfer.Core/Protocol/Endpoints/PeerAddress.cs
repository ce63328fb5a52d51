using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>Who is at the other end of a channel.</summary>
/// <param name="Name">What logs call it.</param>
/// <param name="Machine">The same for all channels from one machine, as far as addresses tell: an IPv4 address, or the 64 bits of an IPv6 address that name a network.</param>
internal readonly record struct PeerAddress(string Name, string Machine)
{
    private const int NetworkBytes = 8;

    /// <summary>A program on this machine.</summary>
    public static PeerAddress Local { get; } = new("this machine", "this machine");

    /// <summary>The other end of a connected socket.</summary>
    public static PeerAddress Of(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint is IPEndPoint end ? Of(end) : Local;
        }
        catch (SocketException)
        {
            // It has disconnected already.
            return new("a peer that left at once", "");
        }
    }

    /// <summary>Whoever connects from there.</summary>
    public static PeerAddress Of(IPEndPoint end)
    {
        var address = end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address;
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return new($"{address}:{end.Port}", address.ToString());
        var network = address.GetAddressBytes();
        network.AsSpan(NetworkBytes).Clear();
        return new($"[{address}]:{end.Port}", $"{new IPAddress(network)}/64");
    }
}
