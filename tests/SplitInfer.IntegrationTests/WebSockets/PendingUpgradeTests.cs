using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Server.Connections;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;

namespace SplitInfer.IntegrationTests.WebSockets;

/// <summary>What has become a WebSocket is no longer among the connections that make room for others.</summary>
public sealed class PendingUpgradeTests : IDisposable
{
    private const int Clients = 5;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task Connections_that_are_served_stay_whoever_comes(string scheme)
    {
        using var authority = new TestAuthority(_folder);
        var certificate = authority.Issue("server");
        using var shown = X509Certificate2.CreateFromPemFile(certificate.CertificateFile, certificate.KeyFile);
        Func<PeerAddress, SslServerAuthenticationOptions>? tls = scheme == "wss" ? _ => new() { ServerCertificate = shown } : null;
        var terms = new WebSocketTerms(new($"{scheme}://127.0.0.1:0/infer"), tls, MaxPending: 1, TimeSpan.FromMinutes(10), static _ => null, EchoAsync);
        await using var listener = await new KestrelHost().ListenAsync(terms, CancellationToken.None);
        var endpoint = Endpoint.Parse(listener.Address, new TlsClient(CertificateFiles.Authorities(authority.CaFile, static _ => { }), null, null));
        var clients = new List<ByteChannel>();
        try
        {
            while (clients.Count < Clients)
            {
                clients.Add(await endpoint.ConnectAsync(CancellationToken.None));
                // Those before are asked as well.
                foreach (var client in clients)
                {
                    var echo = new byte[1];
                    await client.SendAsync(new[] { (byte)clients.Count });
                    Assert.Equal(1, await client.ReceiveAsync(echo));
                    Assert.Equal(clients.Count, echo[0]);
                }
            }
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    private static async Task EchoAsync(ByteChannel channel)
    {
        using (channel)
        {
            var bytes = new byte[1];
            while (await channel.ReceiveAsync(bytes) > 0) await channel.SendAsync(bytes);
        }
    }
}
