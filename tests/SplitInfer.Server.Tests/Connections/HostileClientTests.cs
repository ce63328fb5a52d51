using System.Buffers.Binary;
using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>Each of these breaks a rule after request 1 was begun and is still due 8 of its 16 bytes: the client is told, and left.</summary>
public class HostileClientTests
{
    private static readonly RequestHeader Header = ScriptedClient.Header();

    private static readonly Dictionary<string, byte[]> Frames = new()
    {
        ["request under id 0"] = Request(0, Header, 16),
        ["id of a request in flight"] = Request(1, Header, 16),
        ["id that does not rise"] = [.. Request(5, Header, 16), .. Request(5, Header, 16)],
        ["data for no request"] = Data(2, 8),
        ["data for a request that is whole"] = [.. Request(2, Header, 16), .. Data(2, 1)],
        ["cancel of a request that was not made"] = WirePeer.Frame(FrameType.Cancel, 2),
        ["cancel of id 0"] = WirePeer.Frame(FrameType.Cancel, 0),
        ["request over the number in flight"] = [.. Enumerable.Range(2, 4).SelectMany(static id => WirePeer.Frame(FrameType.Request, (ulong)id, Header, new byte[8], isLast: false))],
        ["second hello"] = WirePeer.Frame(FrameType.Hello, 0, ScriptedClient.Hello()),
        ["handle that is used again"] = WirePeer.Frame(FrameType.OpenModel, 1, ScriptedClient.Open()),
        ["handle that does not rise"] = [.. WirePeer.Frame(FrameType.OpenModel, 9, ScriptedClient.Open()), .. WirePeer.Frame(FrameType.OpenModel, 8, ScriptedClient.Open())],
        ["handle that was closed is used again"] = [.. WirePeer.Frame(FrameType.CloseModel, 1), .. WirePeer.Frame(FrameType.OpenModel, 1, ScriptedClient.Open())],
        ["handle that was refused is used again"] = [.. WirePeer.Frame(FrameType.OpenModel, 2, Other()), .. WirePeer.Frame(FrameType.OpenModel, 2, ScriptedClient.Open())],
        ["handle 0"] = WirePeer.Frame(FrameType.OpenModel, 0, ScriptedClient.Open()),
        ["handle over 32 bits"] = WirePeer.Frame(FrameType.OpenModel, 1ul << 32, ScriptedClient.Open()),
        ["close of a handle that was never opened"] = WirePeer.Frame(FrameType.CloseModel, 2),
        ["close of handle 0"] = WirePeer.Frame(FrameType.CloseModel, 0),
        ["fingerprint that is too short"] = WirePeer.Frame(FrameType.OpenModel, 2, new OpenModel { Model = "model", ModelFingerprint = ByteString.CopyFrom(new byte[31]) }),
        ["model opened"] = WirePeer.Frame(FrameType.ModelOpened, 1),
        ["model refused"] = WirePeer.Frame(FrameType.ModelRefused, 1, new ErrorHeader { Code = 1 }),
        ["welcome"] = WirePeer.Frame(FrameType.Welcome, 0),
        ["response"] = WirePeer.Frame(FrameType.Response, 1),
        ["error"] = WirePeer.Frame(FrameType.Error, 1),
        ["go away"] = WirePeer.Frame(FrameType.GoAway, 0),
        ["pong that was not asked for"] = WirePeer.Frame(FrameType.Pong, 1),
        ["request in thousands of empty frames"] = [.. WirePeer.Frame(FrameType.Request, 2, Header, new byte[8], isLast: false), .. Enumerable.Repeat(WirePeer.Frame(FrameType.Data, 2, isLast: false), 3100).SelectMany(static frame => frame)],
        ["header that is none"] = [.. Damaged()],
    };

    public static TheoryData<string> Names => [.. Frames.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whoever_breaks_a_rule_is_told_and_left(string name)
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = 4 });
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, Header, new byte[8], isLast: false);
        await peer.SendAsync(Frames[name]);
        ReceivedFrame? frame;
        do frame = await peer.ReceiveAsync();
        while (frame is { Header.Type: FrameType.Response or FrameType.ModelOpened or FrameType.ModelRefused }); // to those that were in order
        Assert.Equal((FrameType.Error, 0ul), (frame!.Header.Type, frame.Header.RequestId));
        Assert.Equal(RefusalCode.ProtocolViolation, (RefusalCode)frame.Read(ErrorHeader.Parser).Code);
        peer.Dispose();
        await client.Served;
    }

    [Fact]
    public async Task Of_a_refused_request_no_more_is_taken_than_any_may_have()
    {
        const int Most = 1 << 20, Piece = 64 << 10;
        await using var client = new ScriptedClient(new ServerLimits { Sizes = new() { MaxBytes = Most } });
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static header => header.Partition = 9999), new byte[8], isLast: false);
        Assert.Equal(1ul, (await peer.ReceiveAsync())!.Header.RequestId);
        for (var sent = Piece; sent <= 2 * Most; sent += Piece) await peer.SendAsync(WirePeer.Frame(FrameType.Data, 1, null, new byte[Piece], isLast: false));
        await peer.SendAsync(WirePeer.Frame(FrameType.Data, 1, null, new byte[8], isLast: false));
        var frame = (await peer.ReceiveAsync())!;
        Assert.Equal((FrameType.Error, 0ul, RefusalCode.ProtocolViolation), (frame.Header.Type, frame.Header.RequestId, (RefusalCode)frame.Read(ErrorHeader.Parser).Code));
        peer.Dispose();
        await client.Served;
    }

    [Fact]
    public async Task Any_flipped_bit_of_a_request_is_noticed_and_no_tail_runs()
    {
        var request = Request(1, Header, 16);
        for (var bit = 0; bit < 8 * request.Length; bit++)
        {
            await using var client = new ScriptedClient();
            var peer = await client.GreetAsync();
            byte[] damaged = [.. request];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            await peer.SendAsync(damaged);
            peer.Dispose(); // a longer frame is not waited for
            await client.Served;
            Assert.Equal(0, client.Model.Runs);
            // A header that is made so long that it ends after all that came looks like a client that went away in the middle of it. The length of the payload
            // is not believed before the header is whole and right.
            var header = BinaryPrimitives.ReadUInt32LittleEndian(damaged.AsSpan(16));
            var isCutOff = header <= FrameHeader.MaxHeaderLength && FrameHeader.Size + header > damaged.Length;
            Assert.Equal(isCutOff ? "ConnectionLost" : "ProtocolBroken", Assert.Single(client.Log.Entries).Id.Name);
        }
    }

    [Fact]
    public async Task What_a_hostile_client_held_is_given_back()
    {
        var limits = new ServerLimits { MaxHeldBytes = 2 * (WirePlan.LargeBytes + TensorBuffer.Alignment) };
        await using var client = new ScriptedClient(limits);
        for (var round = 0; round < 5; round++)
        {
            var hostile = await client.GreetAsync();
            await hostile.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), new byte[8], isLast: false);
            await hostile.SendAsync(new byte[100]);
            await ScriptedClient.ReceiveErrorAsync(hostile, 0, RefusalCode.ProtocolViolation);
            hostile.Dispose();
            await client.Served;
        }

        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, WirePlan.Large);
        await peer.ReceiveAsync(FrameType.Response);
    }

    private static byte[] Request(ulong id, RequestHeader header, int bytes) => WirePeer.Frame(FrameType.Request, id, header, new byte[bytes]);

    private static OpenModel Other()
    {
        var message = ScriptedClient.Open();
        message.Model = "other";
        return message;
    }

    private static byte[] Data(ulong id, int bytes) => WirePeer.Frame(FrameType.Data, id, null, new byte[bytes]);

    /// <summary>A header that is not protobuf, under a right checksum.</summary>
    private static byte[] Damaged()
    {
        var frame = new byte[FrameHeader.Size + 1];
        frame[^1] = 0xFF;
        new FrameHeader(FrameType.Request, true, 2, 1, 0, 0).Write(frame);
        return frame;
    }
}
