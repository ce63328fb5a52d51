using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>A transport of one kind and the model at its other end.</summary>
internal sealed class TransportKind : IAsyncDisposable
{
    private readonly FrameServer _server;

    /// <param name="name"><c>tcp</c>, <c>unix</c>, <c>memory</c> (the wire over streams in memory) or <c>process</c> (no wire).</param>
    public TransportKind(string name)
    {
        var codecs = new CodecRegistry([new RawCodec(), new RunLengthCodec()]);
        _server = ServerComposition.CreateFrameServer(Model, codecs, new() { MaxQueuedRuns = 1000 }, TimeProvider.System, NullLogger.Instance);
        Transport = name switch
        {
            "tcp" => Remote(Endpoint.Parse(_server.Start([new Uri("tcp://127.0.0.1:0")])[0]).ConnectAsync),
            "unix" => Remote(Endpoint.Parse(_server.Start([new Uri($"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}")])[0]).ConnectAsync),
            "memory" => Remote(ConnectInMemory),
            _ => new InProcessTransport(Model),
        };

        RemoteTailTransport Remote(Func<CancellationToken, ValueTask<ByteChannel>> connect) =>
            new(new(connect, name, codecs, new(), TimeProvider.System), new("model", "", WirePlan.Plan));
    }

    public static TheoryData<string> Names => ["tcp", "unix", "memory", "process"];

    public DigestModel Model { get; } = new();

    public ITailTransport Transport { get; }

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        await _server.DisposeAsync();
    }

    private ValueTask<ByteChannel> ConnectInMemory(CancellationToken cancellationToken)
    {
        var (client, server) = DuplexStream.CreatePair(capacity: 10_000, largestRead: 3000);
        _ = Task.Run(() => _server.ServeAsync(new StreamChannel(server)), CancellationToken.None);
        return new(new StreamChannel(client));
    }
}
