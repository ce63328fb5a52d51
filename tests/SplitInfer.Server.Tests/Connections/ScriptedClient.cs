using Google.Protobuf;
using Microsoft.Extensions.Logging;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Monitoring;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>A server, and clients in memory whose every frame a test writes.</summary>
internal sealed class ScriptedClient : IAsyncDisposable
{
    private readonly List<WirePeer> _peers = [];

    public ScriptedClient(ServerLimits? limits = null, TimeProvider? time = null, RequestFeed? feed = null) =>
        Server = ServerComposition.CreateFrameServer(Model, new([new RawCodec(), new RunLengthCodec(), Probe]), limits ?? new() { MaxConcurrentRuns = 2 }, time ?? TimeProvider.System, Log, feed: feed);

    public StubServedModel Model { get; } = new();

    /// <summary>A codec that the server knows.</summary>
    public ProbeCodec Probe { get; } = new();

    public FrameServer Server { get; }

    public RecordingLog Log { get; } = new();

    /// <summary>What the last client's connection came to; done when the server has let go of it.</summary>
    public Task Served { get; private set; } = Task.CompletedTask;

    /// <summary>What a client says first.</summary>
    public static Hello Hello(params string[] codecs) => new()
    {
        MinVersion = ProtocolVersion.Newest, MaxVersion = ProtocolVersion.Newest, Codecs = { codecs.Length > 0 ? codecs : ["Raw", "RunLength"] },
    };

    /// <summary>What opens <see cref="WirePlan"/>.</summary>
    public static OpenModel Open() => new()
    {
        Model = "model", ModelFingerprint = ByteString.CopyFrom(WirePlan.Plan.Model.Bytes), PlanFingerprint = ByteString.CopyFrom(WirePlan.Plan.Fingerprint.Bytes),
    };

    /// <summary>The header of a request of <see cref="WirePlan"/> under the handle of <see cref="GreetAsync"/>.</summary>
    public static RequestHeader Header(Action<RequestHeader>? change = null)
    {
        var header = new RequestHeader { Handle = 1, PlanCheck = WirePlan.Check };
        change?.Invoke(header);
        return header;
    }

    /// <summary>A request whose content is that of <see cref="WirePlan.Boundary"/>, in the raw codec.</summary>
    public static (RequestHeader Header, byte[] Payload) Request(int partition = WirePlan.Fixed, int n = 2)
    {
        var boundary = WirePlan.Boundary(partition, n);
        var header = Header(h => h.Partition = (uint)partition);
        if (partition == WirePlan.Symbolic) header.SymbolSizes.Add(n);
        return (header, [.. boundary.SelectMany(static b => b.Bytes.ToArray())]);
    }

    /// <summary>Connects, and says nothing yet.</summary>
    /// <param name="capacity">Bytes that may be under way in each direction.</param>
    /// <param name="machine">Where the client connects from.</param>
    public WirePeer Connect(int capacity = 1 << 20, string machine = "machine")
    {
        var (client, server) = DuplexStream.CreatePair(capacity);
        var peer = new WirePeer(client);
        _peers.Add(peer);
        Served = Task.Run(() => Server.ServeAsync(new StreamChannel(server, new($"{machine}:1", machine))));
        return peer;
    }

    /// <summary>Connects, shakes hands and opens <see cref="WirePlan"/> under handle 1.</summary>
    public async Task<WirePeer> GreetAsync(int capacity = 1 << 20, string machine = "machine", params string[] codecs)
    {
        var peer = Connect(capacity, machine);
        await peer.SendAsync(FrameType.Hello, 0, Hello(codecs));
        await peer.SendAsync(FrameType.OpenModel, 1, Open());
        await peer.ReceiveAsync(FrameType.Welcome);
        await peer.ReceiveAsync(FrameType.ModelOpened);
        return peer;
    }

    /// <summary>Sends a request of <see cref="Request"/> in one frame.</summary>
    public static ValueTask SendAsync(WirePeer peer, ulong id, int partition = WirePlan.Fixed, TimeSpan? deadline = null)
    {
        var (header, payload) = Request(partition);
        if (deadline is { } left) header.BudgetUs = (ulong)left.TotalMicroseconds;
        return peer.SendAsync(FrameType.Request, id, header, payload);
    }

    /// <summary>Receives an error about <paramref name="id"/>.</summary>
    public static async Task<ErrorHeader> ReceiveErrorAsync(WirePeer peer, ulong id, RefusalCode code)
    {
        var frame = await peer.ReceiveAsync(FrameType.Error);
        var error = frame.Read(ErrorHeader.Parser);
        Assert.Equal((id, code), (frame.Header.RequestId, (RefusalCode)error.Code));
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        _peers.ForEach(static p => p.Dispose());
        await Served;
        await Server.DisposeAsync();
    }

    /// <summary>Keeps what was logged.</summary>
    internal sealed class RecordingLog : ILogger
    {
        private readonly List<(EventId Id, string Message)> _entries = [];

        public (EventId Id, string Message)[] Entries
        {
            get
            {
                lock (_entries) return [.. _entries];
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_entries) _entries.Add((eventId, $"{formatter(state, exception)} {exception}"));
        }
    }
}
