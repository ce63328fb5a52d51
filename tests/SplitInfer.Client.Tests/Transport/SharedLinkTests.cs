using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Models on one connection: opened, closed by either end, and opened again.</summary>
public class SharedLinkTests
{
    [Fact]
    public async Task Two_models_share_a_connection_and_each_request_names_its_own()
    {
        await using var server = new ScriptedServer();
        var other = new RemoteTailTransport(Shared(server.Link), new("other", "2", WirePlan.PlanOf(3, 4)));
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        Assert.Equal((1u, WirePlan.Check), await ReceiveAsync(peer));
        var second = other.SendAsync(ScriptedServer.Request()).AsTask();
        var open = await ScriptedServer.OpenAsync(peer);
        Assert.Equal((2ul, "other", "2"), (open.Header.RequestId, open.Read(OpenModel.Parser).Model, open.Read(OpenModel.Parser).Version));
        Assert.Equal((2u, 0x0404040404040404ul), await ReceiveAsync(peer));
        await peer.SendAsync(ScriptedServer.Response(2));
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
        ScriptedServer.AssertOutputs(await second);

        // What is under way when a model is closed ends, and the other model goes on.
        var last = other.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal((2u, 0x0404040404040404ul), await ReceiveAsync(peer));
        await other.DisposeAsync();
        await other.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await other.SendAsync(ScriptedServer.Request()));
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(3));
        ScriptedServer.AssertOutputs(await last);
        await AnswerAsync(server.Transport.SendAsync(ScriptedServer.Request()), peer, 4);

        // A model that is opened later has a handle that was never used.
        await using var third = new RemoteTailTransport(Shared(server.Link), new("other", "2", WirePlan.PlanOf(3, 4)));
        var latest = third.SendAsync(ScriptedServer.Request());
        Assert.Equal(3ul, (await ScriptedServer.OpenAsync(peer)).Header.RequestId);
        await AnswerAsync(latest, peer, 5);
    }

    [Fact]
    public async Task Links_that_nobody_uses_any_more_are_not_kept()
    {
        var connections = new SharedConnections();
        var codecs = new CodecRegistry([new RawCodec()]);
        for (var client = 0; client < 10; client++)
        {
            var number = client;
            var link = connections.Rent(new($"tcp://127.0.0.1:{number + 1}"), codecs, new() { WrapStream = stream => number < 0 ? Stream.Null : stream }, TimeProvider.System);
            Assert.Equal(1, connections.Count);
            Assert.True(await link.ReleaseAsync());
        }

        Assert.Equal(0, connections.Count);
    }

    [Fact]
    public async Task A_request_for_a_partition_of_another_plan_takes_no_slot()
    {
        await using var server = new ScriptedServer();
        var first = server.Transport.PingAsync().AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.SendAsync(FrameType.Pong, (await peer.ReceiveAsync(FrameType.Ping)).Header.RequestId);
        await first;
        var beyond = new Partition
        {
            Index = WirePlan.Plan.Partitions.Length, Boundary = [], TailOutputs = [], BoundaryBytes = 0, Head = WirePlan.Plan.Partitions[0].Head, Tail = WirePlan.Plan.Partitions[0].Tail, InadmissibleReason = null, IsArm = false,
        };
        for (var request = 0; request < 3; request++)
            await Assert.ThrowsAsync<ArgumentException>(() => server.Transport.SendAsync(new() { Partition = beyond, Codec = new RawCodec(), SymbolSizes = default, Boundary = default }).AsTask());
        var last = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await last);
    }

    [Fact]
    public async Task A_model_that_the_server_has_closed_is_opened_again_once()
    {
        await using var server = new ScriptedServer();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        var sent = (await peer.ReceiveAsync(FrameType.Request)).Payload;
        await CloseAsync(peer, 1);
        Assert.Equal(2ul, (await ScriptedServer.OpenAsync(peer)).Header.RequestId);
        var again = await peer.ReceiveAsync(FrameType.Request);
        Assert.Equal((2ul, 2u), (again.Header.RequestId, again.Read(RequestHeader.Parser).Handle));
        Assert.Equal(sent, again.Payload);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await sending);

        var failing = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await CloseAsync(peer, 3);
        await ScriptedServer.OpenAsync(peer);
        await peer.ReceiveAsync(FrameType.Request);
        await CloseAsync(peer, 4);
        Assert.Equal(RefusalCode.ModelClosed, (await Assert.ThrowsAsync<TailRefusedException>(() => failing)).Code);

        static ValueTask CloseAsync(WirePeer peer, ulong id) => peer.SendAsync(FrameType.Error, id, new ErrorHeader { Code = (uint)RefusalCode.ModelClosed, Message = "It is closed." });
    }

    [Fact]
    public async Task A_model_that_goes_away_finishes_and_is_opened_anew_on_the_same_connection()
    {
        await using var server = new ScriptedServer();
        var last = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.GoAway, 1, new GoAway { Reason = (uint)RefusalCode.ModelClosed });
        await peer.SendAsync(FrameType.GoAway, 99); // crosses a handle's end
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong); // so it has seen them
        var next = server.Transport.SendAsync(ScriptedServer.Request());
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.OpenModel)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await last);
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId); // not while a reply is due
        await peer.SendAsync(FrameType.ModelOpened, 2, new ModelOpened { Version = "1" });
        await AnswerAsync(next, peer, 2);

        await peer.SendAsync(FrameType.GoAway, 2, new GoAway { Reason = (uint)RefusalCode.ModelClosed });
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId); // at once, since none is
    }

    [Fact]
    public async Task A_request_that_waits_for_its_turn_when_its_model_goes_away_is_sent_under_the_next_handle()
    {
        await using var server = new ScriptedServer();
        var last = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.ReceiveAsync(FrameType.Request);
        var moved = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.SendAsync(FrameType.GoAway, 1, new GoAway { Reason = (uint)RefusalCode.ModelClosed });
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await last);
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId);
        await ScriptedServer.OpenAsync(peer);
        Assert.Equal((2u, WirePlan.Check), await ReceiveAsync(peer));
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await moved);
    }

    [Fact]
    public async Task A_request_that_waits_for_its_turn_when_the_server_goes_away_moves_to_the_next_connection()
    {
        await using var server = new ScriptedServer();
        var last = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var old = await server.WelcomeAsync(maxInFlight: 1);
        await old.ReceiveAsync(FrameType.Request);
        var moved = server.Transport.SendAsync(ScriptedServer.Request());
        await old.SendAsync(FrameType.GoAway, 0, new GoAway { Reason = (uint)RefusalCode.ShuttingDown });
        await old.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await last);
        await AnswerAsync(moved, await server.WelcomeAsync(), 1);
        Assert.Null(await old.ReceiveAsync());
    }

    [Fact]
    public async Task A_loss_reaches_the_requests_of_all_models_and_each_is_opened_anew()
    {
        await using var server = new ScriptedServer();
        await using var other = new RemoteTailTransport(Shared(server.Link), new("other", "", WirePlan.PlanOf(3, 4)));
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        var second = other.SendAsync(ScriptedServer.Request()).AsTask();
        await ScriptedServer.OpenAsync(peer);
        await peer.ReceiveAsync(FrameType.Request);
        foreach (var id in (ulong[])[1, 2]) await peer.SendAsync(FrameType.Response, id, new ResponseHeader(), new byte[3], isLast: false);
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong); // so both replies have begun, and neither request is sent again
        peer.Dispose();
        foreach (var waiting in new[] { first, second }) await Assert.ThrowsAnyAsync<SplitInferException>(() => waiting);

        var again = other.SendAsync(ScriptedServer.Request());
        peer = await server.WelcomeAsync();
        await AnswerAsync(again, peer, 1);
        var last = server.Transport.SendAsync(ScriptedServer.Request());
        var open = await ScriptedServer.OpenAsync(peer);
        Assert.Equal(WirePlan.Plan.Model.Bytes.ToArray(), open.Read(OpenModel.Parser).ModelFingerprint.ToByteArray());
        await AnswerAsync(last, peer, 2);
        Assert.Equal(2, server.Link.Connections);
    }

    [Fact]
    public async Task A_reply_says_how_busy_the_server_is()
    {
        await using var server = new ScriptedServer();
        var opening = server.Link.OpenAsync(new("model", "", WirePlan.Plan));
        var peer = await server.WelcomeAsync();
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await ScriptedServer.OpenAsync(peer);
        await opening;
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1, load: new() { Running = 4, Queued = 3, Places = 4, WaitUs = 250_000 }));
        using var reply = await sending;
        Assert.Equal(new(4, 3, 4, 0.25), reply.Load);
    }

    private static ServerLink Shared(ServerLink link)
    {
        Assert.True(link.TryAddReference());
        return link;
    }

    private static async Task AnswerAsync(ValueTask<TailReply> sending, WirePeer peer, ulong id)
    {
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(id));
        ScriptedServer.AssertOutputs(await sending);
    }

    private static async Task<(uint Handle, ulong PlanCheck)> ReceiveAsync(WirePeer peer)
    {
        var header = (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser);
        return (header.Handle, header.PlanCheck);
    }
}
