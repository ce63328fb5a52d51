using System.Net;
using System.Net.Sockets;
using System.Text;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.IntegrationTests.Security;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.WebSockets;

/// <summary>What clients say of whatever answers at a <c>ws://</c> address and is no SplitInfer server.</summary>
public sealed class WrongServerTests
{
    private const string Accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 (NotFound)", "use the path")]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "401 (Unauthorized)", "a login of its own")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403 (Forbidden)", "without TLS and keys")]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "407", "a login of its own")]
    [InlineData("HTTP/1.1 301 Moved Permanently\r\nLocation: https://elsewhere.example/infer\r\nContent-Length: 0\r\n\r\n", "301", "It refers to https://elsewhere.example/infer")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502 (BadGateway)", "does not reach the server behind it")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "503", "try again later")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 (OK)", "passes WebSockets on")]
    [InlineData("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", "426", "passes WebSockets on")]
    [InlineData(Accepted + "AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", "does not speak WebSockets", "Check the port")]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n", "does not speak WebSockets", "Check the port")]
    [InlineData("", "does not speak WebSockets", "Check the port")]
    public async Task The_message_says_what_it_met_and_what_to_do(string answer, string met, string advice)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, Encoding.ASCII.GetBytes(answer));
        var address = new Uri($"ws://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/infer");
        await using var transport = Transport(address);
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.Contains(address.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains(met, error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        await answering;
    }

    [Theory]
    [InlineData("ws", false, "does not speak WebSockets (it closed the connection)")]
    [InlineData("ws", true, "does not speak WebSockets (it closed the connection)")]
    [InlineData("tcp", false, "closed the connection before it said anything")]
    [InlineData("tcp", true, "closed the connection before it said anything")]
    public async Task One_that_closes_is_told_in_the_same_words_whether_it_resets_the_connection_or_not(string scheme, bool resets, string expected)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var closing = CloseAsync(listener, resets);
        await using var transport = Transport(new($"{scheme}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        listener.Stop();
        await closing;
    }

    [Fact]
    public async Task A_server_of_sockets_is_told_from_one_of_WebSockets()
    {
        await using var server = new SecureServer(scheme: "tcp");
        await using var transport = Transport(new($"ws://127.0.0.1:{server.Address.Port}/"));
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.Contains("a server at tcp:// or tls:// takes none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_WebSockets_is_told_from_one_of_sockets()
    {
        await using var server = new SecureServer(scheme: "ws");
        await using var transport = Transport(new($"tcp://127.0.0.1:{server.Address.Port}"));
        var error = await Assert.ThrowsAnyAsync<SplitInferException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.True(error is ProtocolException or ServerUnreachableException);
        await server.ExchangeAsync();
    }

    [Fact]
    public async Task Nobody_there_is_told_as_at_any_other_address()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await using var transport = Transport(new($"ws://127.0.0.1:{port}/infer"));
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.Contains("No server can be reached at", error.Message, StringComparison.Ordinal);
    }

    private static RemoteTailTransport Transport(Uri address) =>
        new(new ServerLink(address, CodecRegistry.Default, new(), TimeProvider.System), new("model", "", WirePlan.Plan));

    private static async Task AnswerAsync(TcpListener listener, byte[] answer)
    {
        using var socket = await listener.AcceptSocketAsync();
        var request = new byte[8192];
        await socket.ReceiveAsync(request);
        if (answer.Length > 0) await socket.SendAsync(answer);
        await EndAsync(socket, request);
    }

    /// <summary>Closes whatever is connected until the listener is stopped, since a client may try once more.</summary>
    private static async Task CloseAsync(TcpListener listener, bool resets)
    {
        var request = new byte[8192];
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptSocketAsync();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                return;
            }

            using (socket)
            {
                await socket.ReceiveAsync(request);
                if (resets) socket.LingerState = new(true, 0);
                else await EndAsync(socket, request);
            }
        }
    }

    private static async Task EndAsync(Socket socket, byte[] buffer)
    {
        socket.Shutdown(SocketShutdown.Send);
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0) { }
        }
        catch (SocketException)
        {
            // The client may reset what it gives up.
        }
    }
}
