using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>A server whose every frame a test writes, and a transport that connects to it in memory. Time stands still unless a test brings a clock, so that a slow machine is not pinged.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Channel<WirePeer> _connections = Channel.CreateUnbounded<WirePeer>();
    private readonly List<WirePeer> _peers = [];

    public ScriptedServer(TimeProvider? time = null, int capacity = 1 << 20, TransportOptions? options = null, ReportBuffer? reports = null)
    {
        Link = new(Connect, "test://server", new([new RawCodec(), new RunLengthCodec(), Probe]), options ?? new(), time ?? new FakeTimeProvider());
        Transport = new(Link, new("model", "", WirePlan.Plan) { Reports = reports }, new("test://server", options?.Resilience, jitter: null, Link.Time));

        ValueTask<ByteChannel> Connect(CancellationToken cancellationToken)
        {
            var (client, server) = DuplexStream.CreatePair(capacity);
            var peer = new WirePeer(server);
            _peers.Add(peer);
            _connections.Writer.TryWrite(peer);
            return new(new StreamChannel(client));
        }
    }

    /// <summary>The way to the server, of which <see cref="Transport"/> has the first reference.</summary>
    public ServerLink Link { get; }

    public RemoteTailTransport Transport { get; }

    /// <summary>A codec that both ends know.</summary>
    public ProbeCodec Probe { get; } = new();

    /// <summary>A request with seeded content.</summary>
    public static TailRequest Request(int partition = WirePlan.Fixed, ITensorCodec? codec = null, RequestBudget budget = default, int n = 2, double weight = 1)
    {
        var tensors = WirePlan.Boundary(partition, n);
        return new()
        {
            Partition = WirePlan.Plan.Partitions[partition],
            Codec = codec ?? new RawCodec(),
            SymbolSizes = BoundaryLayout.For(WirePlan.Plan.Partitions[partition].Boundary).Measure(tensors),
            Boundary = tensors,
            Budget = budget,
            Weight = weight,
        };
    }

    /// <summary>The bytes of a response whose outputs are those of <see cref="WirePlan.Outputs"/>, in the raw codec.</summary>
    public static byte[] Response(ulong id, int partition = WirePlan.Fixed, int n = 2, Load? load = null)
    {
        var outputs = WirePlan.Outputs(partition, n);
        var header = new ResponseHeader
        {
            QueueUs = 1, DecodeUs = 2, RunUs = 3, EncodeUs = 4, Load = load,
            SymbolSizes = { BoundaryLayout.For(WirePlan.Plan.Partitions[partition].TailOutputs).Measure(outputs) },
        };
        return WirePeer.Frame(FrameType.Response, id, header, [.. outputs.SelectMany(static o => o.Bytes.ToArray())]);
    }

    /// <summary>Whether a reply holds what <see cref="Response"/> sends.</summary>
    public static void AssertOutputs(TailReply reply, int partition = WirePlan.Fixed, int n = 2)
    {
        var expected = WirePlan.Outputs(partition, n);
        Assert.Equal(expected.Length, reply.Outputs.Length);
        foreach (var (due, got) in expected.Zip(reply.Outputs))
        {
            Assert.Equal(due.Shape, got!.Shape);
            Assert.Equal(due.Bytes.ToArray(), got.Bytes.ToArray());
        }

        reply.Dispose();
    }

    /// <summary>The next connection that the transport makes.</summary>
    public async Task<WirePeer> AcceptAsync() => await _connections.Reader.ReadAsync();

    /// <summary>The next connection, after a handshake in which the server takes what the client wants, and opens the first model.</summary>
    public async Task<WirePeer> WelcomeAsync(uint maxInFlight = 8, ulong maxBoundaryBytes = 1 << 30)
    {
        var peer = await AcceptAsync();
        await peer.ReceiveAsync(FrameType.Hello);
        await peer.SendAsync(FrameType.Welcome, 0, Welcome(maxInFlight, maxBoundaryBytes));
        await OpenAsync(peer);
        return peer;
    }

    /// <summary>What a server says first.</summary>
    public static Welcome Welcome(uint maxInFlight = 8, ulong maxBoundaryBytes = 1 << 30) => new()
    {
        Version = ProtocolVersion.Newest, Codecs = { "Raw", "RunLength", "Probe" }, MaxInFlight = maxInFlight, MaxBoundaryBytes = maxBoundaryBytes, MaxOpenModels = 4,
    };

    /// <summary>Opens the next model that the client wants.</summary>
    public static async Task<ReceivedFrame> OpenAsync(WirePeer peer)
    {
        var open = await peer.ReceiveAsync(FrameType.OpenModel);
        await peer.SendAsync(FrameType.ModelOpened, open.Header.RequestId, new ModelOpened { Version = "1" });
        return open;
    }

    public async ValueTask DisposeAsync()
    {
        _peers.ForEach(static p => p.Dispose());
        await Transport.DisposeAsync();
    }
}
