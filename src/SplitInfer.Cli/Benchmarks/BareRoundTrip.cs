using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// The least that a round trip can be: two connected sockets, or TLS streams over them, both ends asynchronous, the bytes received straight into the
/// block where they are needed, their number known to both ends, nothing checked.
/// </summary>
internal sealed class BareRoundTrip : IDisposable
{
    private readonly BareEnd _client;
    private readonly BareEnd _server;
    private readonly byte[] _reply;

    private BareRoundTrip(BareEnd client, BareEnd server, int bytes, int replyBytes)
    {
        (_client, _server, _reply) = (client, server, new byte[replyBytes]);
        _ = Task.Run(() => AnswerAsync(GC.AllocateUninitializedArray<byte>(bytes, pinned: true), replyBytes));
    }

    /// <summary>Connects two sockets and starts to answer.</summary>
    /// <param name="isUnix">Whether they are in the file system rather than of TCP.</param>
    /// <param name="certificate">The server's certificate for TLS 1.3; null without.</param>
    /// <param name="bytes">Bytes that are sent.</param>
    /// <param name="replyBytes">Bytes that come back.</param>
    public static async Task<BareRoundTrip> StartAsync(bool isUnix, BenchmarkCertificate? certificate, int bytes, int replyBytes)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = NewSocket(isUnix);
        listener.Bind(isUnix ? new UnixDomainSocketEndPoint(path) : new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = NewSocket(isUnix);
        await client.ConnectAsync(listener.LocalEndPoint!).ConfigureAwait(false);
        var server = await listener.AcceptAsync().ConfigureAwait(false);
        if (!isUnix) client.NoDelay = server.NoDelay = true;
        File.Delete(path);
        return certificate is null
            ? new(new(client, null), new(server, null), bytes, replyBytes)
            : await SecureAsync(client, server, certificate, bytes, replyBytes).ConfigureAwait(false);
    }

    /// <summary>Sends the bytes and waits for the reply.</summary>
    public async Task GoAsync(ReadOnlyMemory<byte> bytes)
    {
        await _client.SendAsync(bytes).ConfigureAwait(false);
        await _client.ReceiveAsync(_reply).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private static async Task<BareRoundTrip> SecureAsync(Socket client, Socket server, BenchmarkCertificate certificate, int bytes, int replyBytes)
    {
        var (near, far) = (new SslStream(new NetworkStream(client, ownsSocket: true)), new SslStream(new NetworkStream(server, ownsSocket: true)));
        using var shown = X509Certificate2.CreateFromPemFile(certificate.File);
        await Task.WhenAll(
            far.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = shown, EnabledSslProtocols = SslProtocols.Tls13 }),
            near.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, met, _, _) => met?.GetCertHashString() == shown.Thumbprint,
            })).ConfigureAwait(false);
        return new(new(client, near), new(server, far), bytes, replyBytes);
    }

    private async Task AnswerAsync(Memory<byte> block, int replyBytes)
    {
        var reply = new byte[replyBytes];
        while (await _server.ReceiveAsync(block).ConfigureAwait(false)) await _server.SendAsync(reply).ConfigureAwait(false);
    }

    private static Socket NewSocket(bool isUnix) => isUnix
        ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>One end, which owns both.</summary>
    private sealed class BareEnd(Socket socket, SslStream? secure) : IDisposable
    {
        public async Task SendAsync(ReadOnlyMemory<byte> bytes)
        {
            if (secure is not null) await secure.WriteAsync(bytes).ConfigureAwait(false);
            else while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes).ConfigureAwait(false)..];
        }

        public async Task<bool> ReceiveAsync(Memory<byte> block)
        {
            while (!block.IsEmpty)
            {
                var received = secure is null ? await socket.ReceiveAsync(block).ConfigureAwait(false) : await secure.ReadAsync(block).ConfigureAwait(false);
                if (received == 0) return false;
                block = block[received..];
            }

            return true;
        }

        public void Dispose()
        {
            secure?.Dispose();
            socket.Dispose();
        }
    }
}
