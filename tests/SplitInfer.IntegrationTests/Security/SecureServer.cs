using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>A server that tests reach over real sockets, the authority that signed its certificate, and all that it logs.</summary>
internal sealed class SecureServer : IAsyncDisposable
{
    private readonly FrameServer _server;

    /// <param name="change">Changes the server's security, which is a certificate for the loopback interface and nothing else.</param>
    /// <param name="limits">Its limits.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="scheme">How it listens.</param>
    public SecureServer(Action<ServerSecurityOptions, SecureServer>? change = null, ServerLimits? limits = null, TimeProvider? time = null, string scheme = "tls")
    {
        Authority = new(Folder);
        Certificate = Authority.Issue("server");
        var security = new ServerSecurityOptions { CertificateFile = Certificate.CertificateFile, CertificateKeyFile = Certificate.KeyFile };
        change?.Invoke(security, this);
        _server = ServerComposition.CreateFrameServer(Model, CodecRegistry.Default, limits ?? new(), time ?? TimeProvider.System, Log, security);
        Address = _server.StartAsync([new Uri($"{scheme}://127.0.0.1:0")], new KestrelHost()).GetAwaiter().GetResult()[0];
    }

    public TestFolder Folder { get; } = new();

    public TestAuthority Authority { get; }

    public TestCertificate Certificate { get; private set; }

    public DigestModel Model { get; } = new();

    public CollectedLog Log { get; } = new();

    public Uri Address { get; }

    /// <summary>A transport that trusts the authority.</summary>
    public RemoteTailTransport Transport(Action<ClientSecurityOptions>? change = null, Uri? address = null)
    {
        var security = new ClientSecurityOptions { CaFile = Authority.CaFile };
        change?.Invoke(security);
        return new(new ServerLink(address ?? Address, CodecRegistry.Default, new() { Security = security }, TimeProvider.System), new("model", "", WirePlan.Plan));
    }

    /// <summary>Makes one exchange on a connection of its own.</summary>
    public async Task ExchangeAsync(Action<ClientSecurityOptions>? change = null)
    {
        await using var transport = Transport(change);
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport);
    }

    /// <summary>Why a client with these options gets no connection.</summary>
    public async Task<string> RefusalAsync(Action<ClientSecurityOptions>? change = null, Uri? address = null)
    {
        await using var transport = Transport(change, address);
        return (await Assert.ThrowsAsync<ServerUnreachableException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport))).Message;
    }

    /// <summary>A socket that is connected to the server, on which nothing was sent.</summary>
    public async Task<NetworkStream> ConnectRawAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        return new(socket, ownsSocket: true);
    }

    /// <summary>What a client of another make that trusts the authority brings to a handshake.</summary>
    public SslClientAuthenticationOptions OtherClient(SslProtocols protocol = SslProtocols.None)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Authority.CaFile);
        return new() { TargetHost = "localhost", EnabledSslProtocols = protocol, CertificateChainPolicy = policy };
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Authority.Dispose();
        Folder.Dispose();
    }

    /// <summary>Everything that was logged, at every level, with the exceptions.</summary>
    internal sealed class CollectedLog : ILogger
    {
        private readonly List<(string Name, string Text)> _entries = [];

        public string[] Of(string name)
        {
            lock (_entries) return [.. _entries.Where(entry => entry.Name == name).Select(static entry => entry.Text)];
        }

        public string All
        {
            get { lock (_entries) return string.Join('\n', _entries.Select(static entry => entry.Text)); }
        }

        /// <summary>The first message of a kind, once there is one.</summary>
        public async Task<string> FirstAsync(string name)
        {
            for (var attempt = 0; attempt < 1500; attempt++)
            {
                if (Of(name) is [var first, ..]) return first;
                await Task.Delay(20);
            }

            throw new InvalidOperationException($"Nothing of the kind {name} was logged within 30 s, but: {All}");
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_entries) _entries.Add((eventId.Name ?? "", $"{formatter(state, exception)} {exception}"));
        }
    }
}
