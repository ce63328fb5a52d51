using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SplitInfer.IntegrationTests.WebSockets;

/// <summary>A client that writes the bytes of HTTP and of WebSockets itself, as they should be and as they should not.</summary>
internal sealed class RawUpgrade : IDisposable
{
    // Only for tests that fail: what does not come about in this time never will.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private RawUpgrade() { }

    /// <summary>What a client sends to get a WebSocket.</summary>
    /// <param name="address">The server.</param>
    /// <param name="headers">Further lines, each with its end.</param>
    public static string Request(Uri address, string headers = "") =>
        $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n";

    /// <summary>Connects, and sends nothing.</summary>
    public static async Task<RawUpgrade> ConnectAsync(Uri address)
    {
        var raw = new RawUpgrade();
        await raw._socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return raw;
    }

    /// <summary>Connects, and has the connection become a WebSocket.</summary>
    public static async Task<RawUpgrade> OpenAsync(Uri address)
    {
        var raw = await ConnectAsync(address);
        await raw.SendAsync(Encoding.ASCII.GetBytes(Request(address)));
        Assert.StartsWith("HTTP/1.1 101 ", await raw.ReadHeadAsync(), StringComparison.Ordinal);
        return raw;
    }

    /// <summary>A frame of a client, whose mask changes nothing.</summary>
    /// <param name="first">Its first byte: the flags and the kind.</param>
    /// <param name="payload">What it carries, up to 125 bytes.</param>
    public static byte[] Frame(byte first, params byte[] payload) => [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    /// <summary>Sends as long as the server takes it.</summary>
    /// <returns>Whether all was sent.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, stop)..];
            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The answer, up to the empty line.</summary>
    public async Task<string> ReadHeadAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var (head, one) = (new StringBuilder(), new byte[1]);
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.Equal(1, await _socket.ReceiveAsync(one, limit.Token));
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    /// <returns>What came before.</returns>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var (all, some) = (new List<byte>(), new byte[4096]);
        try
        {
            for (int count; (count = await _socket.ReceiveAsync(some, limit.Token)) > 0;) all.AddRange(some.AsSpan(0, count));
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }

        return [.. all];
    }

    public void Dispose() => _socket.Dispose();
}
