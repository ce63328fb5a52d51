using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

public class LossTests
{
    [Fact]
    public async Task Whoever_waits_is_told_of_a_loss_and_the_next_request_connects_anew()
    {
        await using var server = new ScriptedServer();
        var lost = Enumerable.Range(0, 3).Select(_ => server.Transport.SendAsync(ScriptedServer.Request()).AsTask()).ToArray();
        var ping = server.Transport.PingAsync().AsTask();
        var peer = await server.WelcomeAsync();
        for (var frame = 0; frame < 4; frame++) await peer.ReceiveAsync();
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader(), new byte[3], isLast: false);
        peer.Dispose();
        foreach (var waiting in lost.Append<Task>(ping)) Assert.Contains("connection", (await Assert.ThrowsAnyAsync<SplitInferException>(() => waiting)).Message, StringComparison.Ordinal);

        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task A_connection_that_ends_between_messages_is_a_server_that_is_unreachable()
    {
        await using var server = new ScriptedServer();
        var lost = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        for (var sending = 0; sending < 2; sending++)
        {
            var peer = await server.WelcomeAsync();
            await peer.ReceiveAsync(FrameType.Request);
            peer.Dispose();
        }

        Assert.Contains("test://server was lost", (await Assert.ThrowsAsync<ServerUnreachableException>(() => lost)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_whose_connection_is_lost_before_the_reply_begins_is_sent_once_more()
    {
        await using var server = new ScriptedServer();
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        peer.Dispose();
        peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await waiting);
    }

    [Fact]
    public async Task A_server_that_stops_in_the_middle_of_a_reply_is_unreachable()
    {
        var time = new FakeTimeProvider();
        await using var server = new ScriptedServer(time, options: new() { NoProgressTimeout = TimeSpan.FromDays(1) });
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader(), new byte[3], isLast: false);
        while (!waiting.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Contains("stopped in the middle", (await Assert.ThrowsAsync<ServerUnreachableException>(() => waiting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_says_about_the_connection_reaches_all_who_wait()
    {
        await using var server = new ScriptedServer();
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Error, 0, new ErrorHeader { Code = (uint)RefusalCode.ProtocolViolation, Message = "You did." });
        Assert.Equal(RefusalCode.ProtocolViolation, (await Assert.ThrowsAsync<TailRefusedException>(() => waiting)).Code);
    }

    [Fact]
    public async Task A_server_that_goes_away_finishes_and_the_next_request_goes_elsewhere()
    {
        await using var server = new ScriptedServer();
        var last = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var old = await server.WelcomeAsync();
        await old.ReceiveAsync(FrameType.Request);
        await old.SendAsync(FrameType.GoAway, 0, new GoAway { Reason = (uint)RefusalCode.ShuttingDown });
        await old.SendAsync(FrameType.Ping, 1);
        await old.ReceiveAsync(FrameType.Pong); // so it has seen both
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var other = await server.WelcomeAsync();
        await other.ReceiveAsync(FrameType.Request);
        await other.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
        await old.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await last);
        Assert.Null(await old.ReceiveAsync()); // the client has closed it
    }

    [Fact]
    public async Task Disposing_fails_what_is_in_flight()
    {
        await using var server = new ScriptedServer();
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await (await server.WelcomeAsync()).ReceiveAsync(FrameType.Request);
        await server.Transport.DisposeAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(() => waiting);
    }

    [Fact]
    public async Task Outputs_that_are_larger_than_the_client_accepts_fail_the_call_at_once_and_cost_no_memory_and_no_connection()
    {
        await using var server = new ScriptedServer(options: new() { OutputSizes = new SizeLimits { MaxDimension = 10 } });
        var waiting = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Symbolic)).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader { SymbolSizes = { 11 } }, new byte[3], isLast: false);
        await Assert.ThrowsAsync<SizeLimitException>(() => waiting);
        await peer.ReceiveAsync(FrameType.Cancel);
        await peer.SendAsync(FrameType.Data, 1, null, new byte[5]);
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task Disposal_ends_what_is_in_flight_on_a_connection_that_another_has_replaced()
    {
        var time = new FakeTimeProvider();
        var server = new ScriptedServer(time);
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var silent = await server.WelcomeAsync();
        await silent.ReceiveAsync(FrameType.Request);
        for (var second = 0; second < 2; second++) time.Advance(TimeSpan.FromSeconds(1));
        var other = await server.AcceptAsync();
        await other.ReceiveAsync(FrameType.Hello);
        await other.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await other.SendAsync(FrameType.Ping, 1);
        await other.ReceiveAsync(FrameType.Pong);
        while ((await server.Link.WelcomedAsync()).IsInDoubt) await Task.Yield();
        await server.Transport.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => first.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.True(first.IsCompleted);
    }
}
