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
        ["Hello"] = WirePeer.Frame(FrameType.Hello, 0, new Hello { MinVersion = 2, MaxVersion = 2, Model = "squeezenet", ModelVersion = "1.1", ModelFingerprint = Model, PlanFingerprint = Plan, Codecs = { "Raw" } }),
        ["Welcome"] = WirePeer.Frame(FrameType.Welcome, 0, new Welcome { Version = 2, ModelVersion = "1.1", Codecs = { "Raw" }, MaxInFlight = 16, MaxBoundaryBytes = 268_435_456 }),
        ["Request"] = WirePeer.Frame(FrameType.Request, 7, new RequestHeader { Partition = 3, Codec = 0, DeadlineUs = 50_000, SymbolSizes = { 1, 2 } }, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], isLast: false),
        ["Data"] = WirePeer.Frame(FrameType.Data, 7, null, [5, 0, 0, 0]),
        ["Response"] = WirePeer.Frame(FrameType.Response, 7, new ResponseHeader { Codec = 0, QueueUs = 10, DecodeUs = 2, RunUs = 1500, EncodeUs = 1 }, [0, 0, 0x80, 0x3F]),
        ["Error"] = WirePeer.Frame(FrameType.Error, 8, new ErrorHeader { Code = (uint)RefusalCode.Busy, Message = "Try again." }),
        ["Cancel"] = WirePeer.Frame(FrameType.Cancel, 9),
        ["Ping"] = WirePeer.Frame(FrameType.Ping, 1),
        ["Pong"] = WirePeer.Frame(FrameType.Pong, 1),
        ["GoAway"] = WirePeer.Frame(FrameType.GoAway, 0),
    };
}
