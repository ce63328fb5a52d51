using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>One frame of every type, as docs/wire-protocol.md prints it.</summary>
internal static class GoldenFrames
{
    private static readonly ByteString Model = ByteString.CopyFrom([.. Enumerable.Range(0, 32).Select(static i => (byte)i)]);
    private static readonly ByteString Plan = ByteString.CopyFrom([.. Enumerable.Range(32, 32).Select(static i => (byte)i)]);

    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["Hello"] = WirePeer.Frame(FrameType.Hello, 0, new Hello { MinVersion = 3, MaxVersion = 3, Codecs = { "Raw" }, Client = "SplitInfer", Key = "a-key-of-a-client" }),
        ["Welcome"] = WirePeer.Frame(FrameType.Welcome, 0, new Welcome { Version = 3, Codecs = { "Raw" }, MaxInFlight = 16, MaxBoundaryBytes = 268_435_456, MaxOpenModels = 16, Load = new() { Places = 8 } }),
        ["OpenModel"] = WirePeer.Frame(FrameType.OpenModel, 1, new OpenModel { Model = "squeezenet", Version = "1.1", ModelFingerprint = Model, PlanFingerprint = Plan }),
        ["ModelOpened"] = WirePeer.Frame(FrameType.ModelOpened, 1, new ModelOpened { Version = "1.1", TailUs = { 900, 0, 700 } }),
        ["ModelRefused"] = WirePeer.Frame(FrameType.ModelRefused, 2, new ErrorHeader { Code = (uint)RefusalCode.PlanMismatch, Message = "Update.", DifferingPartition = 4 }),
        ["CloseModel"] = WirePeer.Frame(FrameType.CloseModel, 1),
        ["Request"] = WirePeer.Frame(FrameType.Request, 7, new RequestHeader
        {
            Handle = 1, Partition = 3, Codec = 0, BudgetUs = 50_000, Weight = 4, SymbolSizes = { 1, 2 }, PlanCheck = 0x2726252423222120,
            TraceHigh = 0x4BF92F3577B34DA6, TraceLow = 0xA3CE929D0E0E4736, Span = 0x00F067AA0BA902B7, TraceFlags = 1,
            MinQuality = 0.9f, User = "cam-7",
        }, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], isLast: false),
        ["Data"] = WirePeer.Frame(FrameType.Data, 7, null, [5, 0, 0, 0]),
        ["Response"] = WirePeer.Frame(FrameType.Response, 7, new ResponseHeader { Codec = 0, QueueUs = 10, DecodeUs = 2, RunUs = 1500, EncodeUs = 1, Exit = 2, Confidence = 0.75f, Load = new() { Running = 1, Queued = 2, Places = 8, WaitUs = 750, Price = 0.5f } }, [0, 0, 0x80, 0x3F]),
        ["Error"] = WirePeer.Frame(FrameType.Error, 8, new ErrorHeader { Code = (uint)RefusalCode.Busy, Message = "Try again.", RetryAfterMs = 250 }),
        ["Cancel"] = WirePeer.Frame(FrameType.Cancel, 9),
        ["Ping"] = WirePeer.Frame(FrameType.Ping, 1),
        ["Pong"] = WirePeer.Frame(FrameType.Pong, 1),
        ["GoAway"] = WirePeer.Frame(FrameType.GoAway, 0, new GoAway { Reason = (uint)RefusalCode.ShuttingDown, DrainMs = 5000 }),
    };
}
