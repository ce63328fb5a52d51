using System.Net;
using System.Net.Sockets;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Testing;
using SplitInfer.Testing.Faults;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>A host with several addresses, some of which lead nowhere.</summary>
public class StaggeredConnectTests
{
    private static readonly IPAddress First = IPAddress.Loopback, Second = IPAddress.Parse("127.0.0.2");

    [LinuxFact]
    public async Task An_address_that_refuses_is_followed_by_the_next()
    {
        using var server = new TcpListener(Second, 0);
        server.Start();
        using var socket = await StaggeredConnect.ConnectAsync([First, Second], PortOf(server), CancellationToken.None);
        Assert.Equal(server.LocalEndpoint, socket.RemoteEndPoint);
    }

    [LinuxFact]
    public async Task An_address_that_swallows_everything_is_followed_by_the_next()
    {
        using var server = new TcpListener(Second, 0);
        server.Start();
        await using var swallowing = FaultProxy.Start(new($"tcp://{server.LocalEndpoint}"), new IPEndPoint(First, PortOf(server)));
        await swallowing.FillBacklogAsync();

        using var socket = await StaggeredConnect.ConnectAsync([First, Second], PortOf(server), CancellationToken.None);

        Assert.Equal(server.LocalEndpoint, socket.RemoteEndPoint);
        Assert.True(swallowing.IsBacklogFull);
    }

    [LinuxFact]
    public async Task The_preferred_address_is_taken_where_it_answers_and_no_other_is_asked()
    {
        using var server = new TcpListener(First, 0);
        server.Start();
        using var other = new TcpListener(Second, PortOf(server));
        other.Start();
        using var socket = await StaggeredConnect.ConnectAsync([First, Second], PortOf(server), CancellationToken.None);
        Assert.Equal(server.LocalEndpoint, socket.RemoteEndPoint);
    }

    [LinuxFact]
    public async Task Where_none_answers_the_error_is_that_of_the_first()
    {
        using var server = new TcpListener(First, 0);
        server.Start();
        var port = PortOf(server);
        server.Stop();
        var error = await Assert.ThrowsAsync<SocketException>(() => StaggeredConnect.ConnectAsync([First, Second], port, CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [LinuxFact]
    public async Task An_attempt_ends_when_it_is_told_to()
    {
        using var server = new TcpListener(Second, 0);
        server.Start();
        await using var swallowing = FaultProxy.Start(new($"tcp://{server.LocalEndpoint}"));
        await swallowing.FillBacklogAsync();
        using var stop = new CancellationTokenSource();
        var connecting = StaggeredConnect.ConnectAsync([First, First], swallowing.Address.Port, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
