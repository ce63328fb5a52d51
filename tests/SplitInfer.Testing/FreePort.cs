using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Testing;

/// <summary>Ports for programs that tell others theirs before they listen, so that they cannot take any.</summary>
public static class FreePort
{
    /// <summary>A port of this machine at which nobody listens at present.</summary>
    public static int Take()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
