using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// The least that a round trip can be: two connected sockets, both ends asynchronous, the bytes received straight into the
/// block where they are needed, their number known to both ends, nothing checked.
/// </summary>
internal sealed class BareRoundTrip : IDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly byte[] _reply;

    private BareRoundTrip(Socket client, Socket server, int bytes, int replyBytes)
    {
        (_client, _server, _reply) = (client, server, new byte[replyBytes]);
        _ = Task.Run(() => AnswerAsync(GC.AllocateUninitializedArray<byte>(bytes, pinned: true), replyBytes));
    }

    /// <summary>Connects two sockets and starts to answer.</summary>
    public static async Task<BareRoundTrip> StartAsync(string scheme, int bytes, int replyBytes)
    {
        var isTcp = scheme == "tcp";
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = NewSocket(isTcp);
        listener.Bind(isTcp ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var client = NewSocket(isTcp);
        await client.ConnectAsync(listener.LocalEndPoint!).ConfigureAwait(false);
        var server = await listener.AcceptAsync().ConfigureAwait(false);
        if (isTcp) client.NoDelay = server.NoDelay = true;
        File.Delete(path);
        return new(client, server, bytes, replyBytes);
    }

    /// <summary>Sends the bytes and waits for the reply.</summary>
    public async Task GoAsync(ReadOnlyMemory<byte> bytes)
    {
        await SendAsync(_client, bytes).ConfigureAwait(false);
        await ReceiveAsync(_client, _reply).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private async Task AnswerAsync(Memory<byte> block, int replyBytes)
    {
        var reply = new byte[replyBytes];
        while (await ReceiveAsync(_server, block).ConfigureAwait(false)) await SendAsync(_server, reply).ConfigureAwait(false);
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes).ConfigureAwait(false)..];
    }

    private static async Task<bool> ReceiveAsync(Socket socket, Memory<byte> block)
    {
        while (!block.IsEmpty)
        {
            var received = await socket.ReceiveAsync(block).ConfigureAwait(false);
            if (received == 0) return false;
            block = block[received..];
        }

        return true;
    }

    private static Socket NewSocket(bool isTcp) => isTcp
        ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}
