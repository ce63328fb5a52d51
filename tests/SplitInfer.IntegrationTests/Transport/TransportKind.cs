using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>A transport of one kind and the model at its other end.</summary>
internal sealed class TransportKind : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FrameServer _server;

    /// <param name="name"><c>tcp</c>, <c>ws</c>, <c>tls</c>, <c>wss</c> (with certificates at both ends, and a key), <c>unix</c>, <c>memory</c> (the wire over streams in memory) or <c>process</c> (no wire).</param>
    public TransportKind(string name)
    {
        var codecs = new CodecRegistry([new RawCodec(), new RunLengthCodec()]);
        using var authority = new TestAuthority(_folder);
        var (security, client) = (new ServerSecurityOptions(), new ClientSecurityOptions());
        if (name is "tls" or "wss") Secure(authority, security, client);
        _server = ServerComposition.CreateFrameServer(Model, codecs, new() { MaxQueuedRuns = 1000 }, TimeProvider.System, NullLogger.Instance, security);
        Transport = name switch
        {
            "tcp" => Remote(Endpoint.Parse(_server.Start([new Uri("tcp://127.0.0.1:0")])[0]).ConnectAsync),
            "tls" or "ws" or "wss" => new RemoteTailTransport(new ServerLink(Listen(name), codecs, new() { Security = client }, TimeProvider.System), new("model", "", WirePlan.Plan)),
            "unix" => Remote(Endpoint.Parse(_server.Start([new Uri($"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}")])[0]).ConnectAsync),
            "memory" => Remote(ConnectInMemory),
            _ => new InProcessTransport(Model),
        };

        RemoteTailTransport Remote(Func<CancellationToken, ValueTask<ByteChannel>> connect) =>
            new(new(connect, name, codecs, new(), TimeProvider.System), new("model", "", WirePlan.Plan));
    }

    public static TheoryData<string> Names => ["tcp", "tls", "ws", "wss", "unix", "memory", "process"];

    public DigestModel Model { get; } = new();

    public ITailTransport Transport { get; }

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private Uri Listen(string scheme) => _server.StartAsync([new Uri($"{scheme}://127.0.0.1:0{(scheme == "tls" ? "" : "/a%20path")}")], new KestrelHost()).GetAwaiter().GetResult()[0];

    private void Secure(TestAuthority authority, ServerSecurityOptions server, ClientSecurityOptions client)
    {
        const string Key = "conformance-key-0123456789";
        var (shown, own) = (authority.Issue("server"), authority.Issue("client"));
        (server.CertificateFile, server.CertificateKeyFile, server.ClientCaFile, server.KeysFile) = (shown.CertificateFile, shown.KeyFile, authority.CaFile, _folder["keys"]);
        (client.CertificateFile, client.CertificateKeyFile, client.CaFile, client.Key) = (own.CertificateFile, own.KeyFile, authority.CaFile, Key);
        File.WriteAllText(_folder["keys"], $"conformance {Key}");
    }

    private ValueTask<ByteChannel> ConnectInMemory(CancellationToken cancellationToken)
    {
        var (client, server) = DuplexStream.CreatePair(capacity: 10_000, largestRead: 3000);
        _ = Task.Run(() => _server.ServeAsync(new StreamChannel(server)), CancellationToken.None);
        return new(new StreamChannel(client));
    }
}
