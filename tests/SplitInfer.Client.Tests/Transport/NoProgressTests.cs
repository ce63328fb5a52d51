using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Servers that owe a reply and say nothing. The client looks eight times in the timeout.</summary>
public class NoProgressTests
{
    private static readonly TimeSpan Period = new TransportOptions().NoProgressTimeout / 8;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_server_that_stops_is_pinged_and_then_given_up_and_every_request_is_told()
    {
        await using var server = new ScriptedServer(_time);
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        var second = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);

        for (var period = 0; period < 3; period++) _time.Advance(Period);
        await peer.ReceiveAsync(FrameType.Ping);
        for (var period = 3; period < 8; period++) _time.Advance(Period);
        Assert.False(first.IsCompleted);
        _time.Advance(Period);
        foreach (var waiting in new[] { first, second })
            Assert.Contains("made no progress for 10 s", (await Assert.ThrowsAsync<ServerUnreachableException>(() => waiting)).Message, StringComparison.Ordinal);
        Assert.Null(await peer.ReceiveAsync()); // and it was pinged but once

        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task A_tail_that_takes_long_is_not_cut_off_while_the_server_answers_pings()
    {
        await using var server = new ScriptedServer(_time);
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        for (ulong round = 1; round <= 50; round++)
        {
            for (var period = 0; period < 3; period++) _time.Advance(Period);
            await peer.SendAsync(FrameType.Pong, (await peer.ReceiveAsync(FrameType.Ping)).Header.RequestId);
            await peer.SendAsync(FrameType.Ping, round);
            await peer.ReceiveAsync(FrameType.Pong); // so the client has the pong
        }

        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await waiting);
    }

    [Fact]
    public async Task A_server_that_owes_nothing_is_neither_pinged_nor_given_up()
    {
        await using var server = new ScriptedServer(_time);
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
        for (var period = 0; period < 100; period++) _time.Advance(Period);
        var second = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await second);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_about_a_model_is_told_that_it_is_not_wanted_any_more()
    {
        await using var server = new ScriptedServer(_time, options: new() { NoProgressTimeout = TimeSpan.FromDays(1) });
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        await peer.ReceiveAsync(FrameType.Hello);
        await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await peer.ReceiveAsync(FrameType.OpenModel);
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong); // so the client has been welcomed
        while (!waiting.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Contains("no answer came within 10 s", (await Assert.ThrowsAsync<ServerUnreachableException>(() => waiting)).Message, StringComparison.Ordinal);
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId);
        await peer.SendAsync(FrameType.ModelOpened, 1);
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal(2ul, (await ScriptedServer.OpenAsync(peer)).Header.RequestId);
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
    }
}
