using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>Clients that do nothing keep no one out.</summary>
public sealed class IdleClientTests
{
    private static readonly ServerLimits Two = new() { MaxConnections = 2 };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task The_one_that_is_idle_longest_makes_room()
    {
        await using var client = new ScriptedClient(Two, _time);
        var longest = await client.GreetAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        var later = await client.GreetAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = await client.GreetAsync();
        await longest.ReceiveAsync(FrameType.GoAway);
        foreach (var peer in (WirePeer[])[later, next])
        {
            await ScriptedClient.SendAsync(peer, 1);
            await peer.ReceiveAsync(FrameType.Response);
        }
    }

    [Fact]
    public async Task A_request_that_crosses_is_to_be_sent_again_on_another_connection()
    {
        await using var client = new ScriptedClient(Two, _time);
        var longest = await client.GreetAsync();
        await client.GreetAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        await client.GreetAsync();
        await longest.ReceiveAsync(FrameType.GoAway);
        await ScriptedClient.SendAsync(longest, 1); // as if it had been sent before that was read
        await ScriptedClient.ReceiveErrorAsync(longest, 1, RefusalCode.ModelClosed);
    }

    [Fact]
    public async Task One_that_never_said_hello_makes_room()
    {
        await using var client = new ScriptedClient(Two, _time);
        var silent = client.Connect();
        await client.GreetAsync();
        _time.Advance(TimeSpan.FromSeconds(2));
        await client.GreetAsync();
        Assert.Null(await silent.ReceiveAsync());
    }

    [Fact]
    public async Task One_whose_requests_are_all_refused_makes_room()
    {
        await using var client = new ScriptedClient(Two, _time);
        WirePeer[] refused = [await client.GreetAsync(), await client.GreetAsync()];
        for (ulong id = 1; id <= 4; id++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
            foreach (var peer in refused)
            {
                await peer.SendAsync(FrameType.Request, id, ScriptedClient.Header(static h => h.Handle = 77));
                await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.ModelClosed);
            }
        }

        await client.GreetAsync();
        await refused[0].ReceiveAsync(FrameType.GoAway);
    }

    [Fact]
    public async Task One_with_a_request_in_flight_stays()
    {
        await using var client = new ScriptedClient(Two, _time);
        var done = new TaskCompletionSource();
        client.Model.OnRun = (_, _, _) => done.Task;
        var working = await client.GreetAsync();
        await ScriptedClient.SendAsync(working, 1);
        await working.SendAsync(FrameType.Ping, 1);
        await working.ReceiveAsync(FrameType.Pong);
        _time.Advance(TimeSpan.FromSeconds(10));
        var idle = await client.GreetAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await client.GreetAsync();
        await idle.ReceiveAsync(FrameType.GoAway);
        done.SetResult();
        await working.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task One_that_has_only_just_connected_stays_and_the_new_one_is_told_that_the_server_is_busy()
    {
        await using var client = new ScriptedClient(Two, _time);
        await client.GreetAsync();
        await client.GreetAsync();
        await ScriptedClient.ReceiveErrorAsync(client.Connect(), 0, RefusalCode.Busy);
    }

    [Fact]
    public async Task A_machine_has_so_many_connections_and_another_one_has_its_own()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConnectionsPerMachine = 2 }, _time);
        var first = await client.GreetAsync(machine: "many");
        await client.GreetAsync(machine: "many");
        await ScriptedClient.ReceiveErrorAsync(client.Connect(machine: "many"), 0, RefusalCode.Busy);
        await client.GreetAsync(machine: "other");
        _time.Advance(TimeSpan.FromSeconds(2));
        await client.GreetAsync(machine: "many");
        await first.ReceiveAsync(FrameType.GoAway);
    }
}
