using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Each of these answers to request 1, of partition <see cref="WirePlan.Fixed"/>, breaks a rule: the caller gets a typed error, and the connection ends.</summary>
public class HostileServerTests
{
    private static readonly Dictionary<string, byte[]> Answers = new()
    {
        ["response to a request that was not made"] = ScriptedServer.Response(2),
        ["response under id 0"] = ScriptedServer.Response(0),
        ["data before a response"] = Data(8),
        ["second response before the first has ended"] = [.. Response(new(), 3, isLast: false), .. ScriptedServer.Response(1)],
        ["second response"] = [.. ScriptedServer.Response(1), .. ScriptedServer.Response(1)],
        ["error in the middle of a response"] = [.. Response(new(), 3, isLast: false), .. WirePeer.Frame(FrameType.Error, 1, new ErrorHeader { Code = 1 })],
        ["no bytes"] = Response(new(), 0),
        ["codec that was not agreed on"] = Response(new() { Codec = 3 }, 8),
        ["sizes where the plan leaves none open"] = Response(new() { SymbolSizes = { 2 } }, 8),
        ["more bytes than due"] = Response(new(), 9),
        ["fewer bytes than due"] = Response(new(), 7),
        ["more data than due"] = [.. Response(new(), 3, isLast: false), .. Data(6)],
        ["an end before all has come"] = [.. Response(new(), 3, isLast: false), .. Data(4)],
        ["no end when all has come"] = Response(new(), 8, isLast: false),
        ["slab of 4 GiB"] = WirePeer.Frame(FrameType.Response, 1, new ResponseHeader { Codec = 1 }, [0xFF, 0xFF, 0xFF, 0xFF], isLast: false),
        ["slab longer than the codec makes it"] = WirePeer.Frame(FrameType.Response, 1, new ResponseHeader { Codec = 1 }, [17, 0, 0, 0], isLast: false),
        ["slab that is cut off"] = WirePeer.Frame(FrameType.Response, 1, new ResponseHeader { Codec = 1 }, [2, 0, 0, 0, 8]),
        ["payload that does not decode"] = WirePeer.Frame(FrameType.Response, 1, new ResponseHeader { Codec = 1 }, [2, 0, 0, 0, 9, 0]),
        ["header that is none"] = WirePeer.Frame(FrameType.Response, 1, new UnknownHeader(), new byte[8]),
        ["pong that was not asked for"] = WirePeer.Frame(FrameType.Pong, 99),
        ["hello"] = WirePeer.Frame(FrameType.Hello, 0, new Hello()),
        ["second welcome"] = WirePeer.Frame(FrameType.Welcome, 0, new Welcome()),
        ["model that was not asked for"] = WirePeer.Frame(FrameType.ModelOpened, 2, new ModelOpened()),
        ["second answer about a model"] = WirePeer.Frame(FrameType.ModelOpened, 1, new ModelOpened()),
        ["refusal of a model that is open"] = WirePeer.Frame(FrameType.ModelRefused, 1, new ErrorHeader { Code = 1 }),
        ["model to be opened"] = WirePeer.Frame(FrameType.OpenModel, 2, new OpenModel()),
        ["model to be closed"] = WirePeer.Frame(FrameType.CloseModel, 1),
        ["go away that is none"] = WirePeer.Frame(FrameType.GoAway, 0, new UnknownHeader()),
        ["request"] = WirePeer.Frame(FrameType.Request, 1),
        ["cancel"] = WirePeer.Frame(FrameType.Cancel, 1),
    };

    public static TheoryData<string> Names => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_a_typed_error(string name)
    {
        await using var server = new ScriptedServer();
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        var second = server.Transport.PingAsync().AsTask();
        await peer.ReceiveAsync(FrameType.Ping);
        await peer.SendAsync(Answers[name]);
        if (name != "second response") await Assert.ThrowsAsync<ProtocolException>(() => first);
        else ScriptedServer.AssertOutputs(await first);
        if (name == "payload that does not decode") return; // the frames themselves were in order
        await Assert.ThrowsAsync<ProtocolException>(() => second);
        Assert.Null(await peer.ReceiveAsync());
    }

    [Fact]
    public async Task Any_flipped_bit_of_a_reply_is_a_typed_error()
    {
        var response = ScriptedServer.Response(1);
        for (var bit = 0; bit < 8 * response.Length; bit++)
        {
            await using var server = new ScriptedServer();
            var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
            var peer = await server.WelcomeAsync();
            await peer.ReceiveAsync(FrameType.Request);
            byte[] damaged = [.. response];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            await peer.SendAsync(damaged);
            peer.Dispose(); // a longer frame is not waited for
            await Assert.ThrowsAsync<ProtocolException>(() => waiting);
        }
    }

    private static byte[] Response(ResponseHeader header, int bytes, bool isLast = true) =>
        WirePeer.Frame(FrameType.Response, 1, header, new byte[bytes], isLast);

    private static byte[] Data(int bytes) => WirePeer.Frame(FrameType.Data, 1, null, new byte[bytes]);

    /// <summary>Bytes that are no message at all.</summary>
    private sealed class UnknownHeader : IMessage
    {
        public Google.Protobuf.Reflection.MessageDescriptor Descriptor => null!;

        public int CalculateSize() => 1;

        public void MergeFrom(CodedInputStream input) => throw new NotSupportedException();

        public void WriteTo(CodedOutputStream output) => output.WriteRawTag(0xFF);
    }
}
