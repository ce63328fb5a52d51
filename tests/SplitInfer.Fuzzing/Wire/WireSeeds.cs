using Google.Protobuf;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>Conversations as two ends of this release have them, about <see cref="WirePlan"/>.</summary>
internal static class WireSeeds
{
    private static readonly string[] Codecs = ["Raw", "ZeroBitmap", "Lz4", "Quantized4", "Float16"];

    /// <summary>What a client says.</summary>
    public static IReadOnlyList<byte[]> OfClient { get; } =
    [
        [.. Greeting(), .. Request(1, WirePlan.Fixed, 0), .. Frame(FrameType.Ping, 7), .. Frame(FrameType.CloseModel, 1)],
        [.. Greeting(), .. Request(1, WirePlan.Symbolic, 0, n: 3), .. Frame(FrameType.Cancel, 1), .. Request(2, WirePlan.Fixed, 1)],
        [.. Greeting(), .. Request(1, WirePlan.Symbolic, 1, n: 40), .. Request(2, WirePlan.Symbolic, 2, n: 40), .. Request(3, WirePlan.Symbolic, 4, n: 40)],
        [.. Greeting(), .. InParts(1, WirePlan.Symbolic, n: 200), .. Frame(FrameType.OpenModel, 2, Open()), .. Request(2, WirePlan.Fixed, 0, handle: 2)],
        [.. Greeting(), .. Request(1, WirePlan.Symbolic, 3, n: 100), .. InParts(2, WirePlan.Symbolic, n: 50), .. Frame(FrameType.Cancel, 2)],
        Greeting(),
    ];

    /// <summary>What a server says: a welcome, a model that is open, and what comes of one request.</summary>
    public static IReadOnlyList<byte[]> OfServer { get; } =
    [
        [.. Welcoming(), .. Response(WirePlan.Symbolic, 0, 3)],
        [.. Welcoming(), .. Response(WirePlan.Symbolic, 1, 3)],
        [.. Welcoming(), .. Frame(FrameType.Ping, 5), .. Response(WirePlan.Symbolic, 2, 3)],
        [.. Welcoming(), .. Error(1, RefusalCode.Busy)],
        [.. Welcoming(), .. Error(1, RefusalCode.ModelClosed)],
        [.. Welcoming(), .. Error(0, RefusalCode.ShuttingDown)],
        [.. Welcoming(), .. Frame(FrameType.GoAway, 0, new GoAway { Reason = 13, DrainMs = 5 }), .. Response(WirePlan.Symbolic, 0, 3)],
        [.. Welcoming(), .. Frame(FrameType.GoAway, 1, new GoAway { Reason = 13 }), .. Response(WirePlan.Symbolic, 0, 3)],
        [.. Frame(FrameType.Welcome, 0, Welcome()), .. Frame(FrameType.ModelRefused, 1, new ErrorHeader { Code = (uint)RefusalCode.PlanMismatch, Message = "Other.", DifferingPartition = 2 })],
        Error(0, RefusalCode.VersionMismatch),
    ];

    /// <summary>A payload of tensors in one of the codecs that conversations name.</summary>
    private static byte[] Payload(int codec, TensorValue[] tensors)
    {
        CodecRegistry.Default.TryGet(Codecs[codec], out var found);
        return WirePayload.Of(found!, tensors);
    }

    private static byte[] Frame(FrameType type, ulong id, IMessage? header = null) => WirePeer.Frame(type, id, header);

    private static OpenModel Open() => new()
    {
        Model = "model", ModelFingerprint = ByteString.CopyFrom(WirePlan.Plan.Model.Bytes), PlanFingerprint = ByteString.CopyFrom(WirePlan.Plan.Fingerprint.Bytes), PlanSketch = ByteString.CopyFrom(WirePlan.Plan.Sketch),
    };

    private static byte[] Greeting() =>
    [
        .. Frame(FrameType.Hello, 0, new Hello { MinVersion = ProtocolVersion.Oldest, MaxVersion = ProtocolVersion.Newest, Codecs = { Codecs }, Client = "fuzz", Capabilities = { "none" }, Key = "a key of enough letters" }),
        .. Frame(FrameType.OpenModel, 1, Open()),
    ];

    private static RequestHeader Header(int partition, int codec, int n, uint handle)
    {
        var header = new RequestHeader { Handle = handle, Partition = (uint)partition, Codec = (uint)codec, PlanCheck = WirePlan.Check, Weight = 2, BudgetUs = 60_000_000, TraceHigh = 1, TraceLow = 2, Span = 3, TraceState = "a=b" };
        if (partition == WirePlan.Symbolic) header.SymbolSizes.Add(n);
        return header;
    }

    private static byte[] Request(ulong id, int partition, int codec, int n = 2, uint handle = 1) =>
        WirePeer.Frame(FrameType.Request, id, Header(partition, codec, n, handle), Payload(codec, WirePlan.Boundary(partition, n)));

    private static byte[] InParts(ulong id, int partition, int n)
    {
        var payload = Payload(0, WirePlan.Boundary(partition, n));
        var middle = payload.Length / 2;
        return
        [
            .. WirePeer.Frame(FrameType.Request, id, Header(partition, 0, n, 1), payload.AsSpan(0, middle), isLast: false),
            .. WirePeer.Frame(FrameType.Data, id, null, payload.AsSpan(middle)),
        ];
    }

    private static Welcome Welcome() => new() { Version = ProtocolVersion.Newest, Codecs = { Codecs }, MaxInFlight = 4, MaxBoundaryBytes = 1 << 28, MaxOpenModels = 4, Load = new() { Running = 1, Places = 2, WaitUs = 10, Price = 1 } };

    private static byte[] Welcoming() => [.. Frame(FrameType.Welcome, 0, Welcome()), .. Frame(FrameType.ModelOpened, 1, new ModelOpened { Version = "1", TailUs = { 5, 4, 3, 2, 0 } })];

    private static byte[] Response(int partition, int codec, int n)
    {
        var header = new ResponseHeader { Codec = (uint)codec, QueueUs = 1, DecodeUs = 2, RunUs = 3, EncodeUs = 4, Confidence = 0.5f, Load = new() { Running = 1, Queued = 2, Places = 3, WaitUs = 4, Price = 5 } };
        if (partition == WirePlan.Symbolic) header.SymbolSizes.Add(n);
        return WirePeer.Frame(FrameType.Response, 1, header, Payload(codec, WirePlan.Outputs(partition, n)));
    }

    private static byte[] Error(ulong id, RefusalCode code) => Frame(FrameType.Error, id, new ErrorHeader { Code = (uint)code, Message = "No.", RetryAfterMs = 5, Load = new() { Running = 1 } });
}
