using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Servers that owe a reply and say nothing. The client looks four times a second.</summary>
public class NoProgressTests
{
    // Some looks of the client, which then has pinged a server that has said nothing for two of these; eight are the timeout.
    private static readonly TimeSpan Step = new TransportOptions().NoProgressTimeout / 8;

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

        for (var step = 0; step < 3; step++) _time.Advance(Step);
        await peer.ReceiveAsync(FrameType.Ping);
        for (var step = 3; step < 8; step++) _time.Advance(Step);
        Assert.False(first.IsCompleted);
        _time.Advance(Step);
        foreach (var waiting in new[] { first, second })
            Assert.Contains("made no progress for 10 s", (await Assert.ThrowsAsync<ServerUnreachableException>(() => waiting)).Message, StringComparison.Ordinal);
        Assert.Null(await peer.ReceiveAsync()); // and it was pinged but once

        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        peer = await WelcomeNextAsync(server);
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task Beside_a_connection_that_is_silent_another_is_tried_and_new_requests_go_there()
    {
        await using var server = new ScriptedServer(_time);
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var silent = await server.WelcomeAsync();
        await silent.ReceiveAsync(FrameType.Request);
        for (var second = 0; second < 2; second++) _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(server.Transport.Silence >= TimeSpan.FromSeconds(1));
        var other = await server.AcceptAsync();
        await other.ReceiveAsync(FrameType.Hello);
        await other.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await other.SendAsync(FrameType.Ping, 1);
        await other.ReceiveAsync(FrameType.Pong); // so the client has been welcomed

        // Until the new connection has taken the old one's place.
        while ((await server.Link.WelcomedAsync()).IsInDoubt) await Task.Yield();
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await ScriptedServer.OpenAsync(other);
        await other.ReceiveAsync(FrameType.Request);
        await other.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);

        // What the old one still brings is good.
        Assert.False(first.IsCompleted);
        await silent.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
    }

    [Fact]
    public async Task What_has_not_left_goes_to_the_connection_that_takes_the_place_of_a_silent_one()
    {
        await using var server = new ScriptedServer(_time);
        var request = ScriptedServer.Request();
        var first = server.Transport.PingAsync().AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.SendAsync(FrameType.Pong, (await peer.ReceiveAsync(FrameType.Ping)).Header.RequestId);
        await first;
        var waiting = server.Transport.SendAsync(request).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        var queued = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var second = server.Transport.PingAsync().AsTask();
        await peer.ReceiveAsync(FrameType.Ping);
        Assert.False(request.Progress.IsLeftBehind);
        var other = await ReplaceAsync(server);
        await ScriptedServer.OpenAsync(other);
        var (pings, requests) = (0, 0);
        while (pings == 0 || requests == 0)
        {
            var frame = await other.ReceiveAsync();
            if (frame!.Header.Type == FrameType.Ping) await other.SendAsync(FrameType.Pong, frame.Header.RequestId);
            else await other.SendAsync(ScriptedServer.Response(frame.Header.RequestId));
            (pings, requests) = frame.Header.Type == FrameType.Ping ? (pings + 1, requests) : (pings, requests + 1);
        }

        await second;
        ScriptedServer.AssertOutputs(await queued);

        // The request that has left is not sent again, and may still be answered; its caller is told not to wait for that alone.
        Assert.True(request.Progress.IsLeftBehind);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await waiting);
    }

    [Fact]
    public async Task A_model_is_opened_on_the_connection_that_takes_the_place_of_a_silent_one()
    {
        await using var server = new ScriptedServer(_time);
        var waiting = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var silent = await server.AcceptAsync();
        await silent.ReceiveAsync(FrameType.Hello);
        await silent.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await silent.ReceiveAsync(FrameType.OpenModel);
        await silent.SendAsync(FrameType.Ping, 1);
        await silent.ReceiveAsync(FrameType.Pong); // so the client has been welcomed
        var other = await ReplaceAsync(server);
        await ScriptedServer.OpenAsync(other);
        await other.ReceiveAsync(FrameType.Request);
        await other.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await waiting);

        // Nothing is left on the silent one, whatever it says after all.
        await silent.SendAsync(FrameType.ModelOpened, 1, new ModelOpened { Version = "1" });
        while (await silent.ReceiveAsync() is { } frame) Assert.Equal(FrameType.Ping, frame.Header.Type);
    }

    [Fact]
    public async Task A_ping_goes_to_the_connection_that_takes_the_place_of_a_silent_one_on_which_nothing_else_was_owed()
    {
        await using var server = new ScriptedServer(_time);
        var first = server.Transport.PingAsync().AsTask();
        var silent = await server.WelcomeAsync();
        await silent.ReceiveAsync(FrameType.Ping);
        var other = await ReplaceAsync(server);
        await ScriptedServer.OpenAsync(other);
        await other.SendAsync(FrameType.Pong, (await other.ReceiveAsync(FrameType.Ping)).Header.RequestId);
        await first;
    }

    [Fact]
    public async Task A_request_and_a_model_behind_one_that_does_not_leave_go_to_the_connection_that_takes_its_place()
    {
        await using var server = new ScriptedServer(_time, capacity: 4096);
        var stuck = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Large)).AsTask();
        var silent = await server.WelcomeAsync();
        var request = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.True(server.Link.TryAddReference());
        await using var otherModel = new RemoteTailTransport(server.Link, new("other", "", WirePlan.Plan));
        var opening = otherModel.SendAsync(ScriptedServer.Request()).AsTask();
        var other = await ReplaceAsync(server);
        var (models, requests) = (new List<string>(), 0);
        while (requests < 2)
        {
            var frame = await other.ReceiveAsync();
            if (frame!.Header.Type == FrameType.OpenModel)
            {
                models.Add(frame.Read(OpenModel.Parser).Model);
                await other.SendAsync(FrameType.ModelOpened, frame.Header.RequestId, new ModelOpened { Version = "1" });
            }
            else if (frame.Header.Type == FrameType.Request)
            {
                requests++;
                await other.SendAsync(ScriptedServer.Response(frame.Header.RequestId));
            }
        }

        Assert.Equal(["model", "other"], models.Order());
        ScriptedServer.AssertOutputs(await request);
        ScriptedServer.AssertOutputs(await opening);
        Assert.False(stuck.IsCompleted);
    }

    [Fact]
    public async Task A_ping_is_given_up_where_one_connection_after_the_other_falls_silent()
    {
        await using var server = new ScriptedServer(_time);
        var ping = server.Transport.PingAsync().AsTask();
        var connections = 0;
        var serving = ServeAsync();
        while (!ping.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            await Task.Delay(5); // what the clock has made due runs on other threads
        }

        await Assert.ThrowsAsync<ServerUnreachableException>(() => ping);
        Assert.True(connections > 1);
        Assert.False(serving.IsFaulted);

        async Task ServeAsync()
        {
            while (true)
            {
                var peer = await server.AcceptAsync();
                connections++;
                _ = OpenAsync(peer);
            }
        }

        static async Task OpenAsync(WirePeer peer)
        {
            try
            {
                await peer.ReceiveAsync(FrameType.Hello);
                await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
                await ScriptedServer.OpenAsync(peer);
            }
            catch (Exception error) when (error is InvalidOperationException or IOException)
            {
                // The client has closed it.
            }
        }
    }

    [Fact]
    public async Task A_silent_connection_that_goes_on_is_kept()
    {
        await using var server = new ScriptedServer(_time);
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var slow = await server.WelcomeAsync();
        await slow.ReceiveAsync(FrameType.Request);
        for (var second = 0; second < 2; second++) _time.Advance(TimeSpan.FromSeconds(1));
        var other = await server.AcceptAsync();
        await other.ReceiveAsync(FrameType.Hello);
        await slow.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
        _time.Advance(TimeSpan.FromSeconds(1));
        await other.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        Assert.Null(await other.ReceiveAsync()); // the client has closed it

        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var frame = await slow.ReceiveAsync();
        while (frame!.Header.Type == FrameType.Ping) frame = await slow.ReceiveAsync();
        await slow.SendAsync(ScriptedServer.Response(2));
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
            for (var step = 0; step < 3; step++) _time.Advance(Step);
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
        for (var step = 0; step < 100; step++) _time.Advance(Step);
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
        var frame = await peer.ReceiveAsync();
        while (frame!.Header.Type == FrameType.Ping) frame = await peer.ReceiveAsync();
        Assert.Equal((FrameType.CloseModel, 1ul), (frame.Header.Type, frame.Header.RequestId));
        await peer.SendAsync(FrameType.ModelOpened, 1);
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal(2ul, (await ScriptedServer.OpenAsync(peer)).Header.RequestId);
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await next);
    }

    /// <summary>The connection that the client tries beside a silent one, once it has taken that one's place.</summary>
    private async Task<WirePeer> ReplaceAsync(ScriptedServer server)
    {
        var accepted = server.AcceptAsync();
        while (!accepted.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            await Task.Delay(5); // what the clock has made due runs on other threads
        }

        var other = await accepted;
        await other.ReceiveAsync(FrameType.Hello);
        await other.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        return other;
    }

    /// <summary>The connection that the client goes on with: others, which it tried beside the one that was silent, may have ended.</summary>
    private static async Task<WirePeer> WelcomeNextAsync(ScriptedServer server)
    {
        while (true)
        {
            try
            {
                return await server.WelcomeAsync();
            }
            catch (Exception error) when (error is InvalidOperationException or IOException)
            {
                // That one has.
            }
        }
    }
}
