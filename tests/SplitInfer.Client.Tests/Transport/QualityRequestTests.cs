using SplitInfer.Client.Transport;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Requests that let exits of the server answer, beside servers that know of that and servers that do not.</summary>
public class QualityRequestTests
{
    [Fact]
    public async Task What_is_asked_for_travels_and_the_exit_that_answered_comes_back()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(Request(minQuality: 0)).AsTask();
        var (peer, header) = await ReceiveAsync(server, knowsExits: true);
        Assert.Equal((float.Epsilon, "camera"), (header.MinQuality, header.User));
        await ReplyAsync(peer, 1, exit: 2, confidence: 0.75f);
        using (var reply = await sending) Assert.Equal((2, 0.75), (reply.Exit, reply.Confidence));

        // Nothing of it is left for the next request, which uses the same objects.
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var plain = (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser);
        Assert.Equal((0f, ""), (plain.MinQuality, plain.User));
        await ReplyAsync(peer, 2, exit: 0, confidence: 0);
        using (var reply = await next) Assert.Equal((0, 0d), (reply.Exit, reply.Confidence));
    }

    [Fact]
    public async Task A_server_that_knows_no_exits_is_told_nothing_of_them()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(Request(minQuality: 0.5)).AsTask();
        var (peer, header) = await ReceiveAsync(server, knowsExits: false);
        Assert.Equal((0f, ""), (header.MinQuality, header.User));
        await ReplyAsync(peer, 1, exit: 0, confidence: 0);
        using var reply = await sending;
        Assert.Equal(0, reply.Exit);
    }

    [Theory]
    [InlineData(true, 1, 0.5f, false)]
    [InlineData(false, 1, 0.5f, true)]
    [InlineData(true, 257, 0.5f, true)]
    [InlineData(true, 1, float.NaN, true)]
    [InlineData(true, 1, 1.5f, true)]
    public async Task An_exit_that_was_not_allowed_breaks_the_protocol(bool isAllowed, uint exit, float confidence, bool isBroken)
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(isAllowed ? Request(minQuality: 0.5) : ScriptedServer.Request()).AsTask();
        var (peer, _) = await ReceiveAsync(server, knowsExits: true);
        await ReplyAsync(peer, 1, exit, confidence);
        if (isBroken) Assert.IsAssignableFrom<SplitInferException>(await Record.ExceptionAsync(() => sending));
        else using (var reply = await sending) Assert.Equal(1, reply.Exit);
    }

    private static TailRequest Request(double minQuality)
    {
        var plain = ScriptedServer.Request();
        return new() { Partition = plain.Partition, Codec = new RawCodec(), SymbolSizes = plain.SymbolSizes, Boundary = plain.Boundary, MinQuality = minQuality, User = "camera" };
    }

    private static async Task<(WirePeer Peer, RequestHeader Header)> ReceiveAsync(ScriptedServer server, bool knowsExits)
    {
        var peer = await server.AcceptAsync();
        Assert.Contains(Capabilities.Exits, (await peer.ReceiveAsync(FrameType.Hello)).Read(Hello.Parser).Capabilities);
        var welcome = ScriptedServer.Welcome();
        if (knowsExits) welcome.Capabilities.Add(Capabilities.Exits);
        await peer.SendAsync(FrameType.Welcome, 0, welcome);
        await ScriptedServer.OpenAsync(peer);
        return (peer, (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser));
    }

    private static async Task ReplyAsync(WirePeer peer, ulong id, uint exit, float confidence)
    {
        var outputs = WirePlan.Outputs(WirePlan.Fixed, 2);
        var header = new ResponseHeader { Exit = exit, Confidence = confidence, SymbolSizes = { BoundaryLayout.For(WirePlan.Plan.Partitions[WirePlan.Fixed].TailOutputs).Measure(outputs) } };
        await peer.SendAsync(FrameType.Response, id, header, outputs.SelectMany(static o => o.Bytes.ToArray()).ToArray());
    }
}
