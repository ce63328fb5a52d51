using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>No client takes the memory that others need: not by announcing, not by waiting, not by leaving replies unread.</summary>
public class SharedMemoryTests
{
    private static readonly RequestHeader Large = ScriptedClient.Header(static h => h.Partition = WirePlan.Large);

    [Fact]
    public async Task What_is_only_announced_takes_nothing_from_others()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxHeldBytes = 2 * WirePlan.LargeBytes });
        for (var hostile = 0; hostile < 20; hostile++)
        {
            var peer = await client.GreetAsync(machine: "hostile");
            for (ulong id = 1; id <= 10; id++) await peer.SendAsync(FrameType.Request, id, Large, new byte[4], isLast: false);
        }

        var polite = await client.GreetAsync(machine: "polite");
        await ScriptedClient.SendAsync(polite, 1, WirePlan.Large);
        Assert.Equal(1ul, (await polite.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task One_machine_holds_its_share_and_no_more()
    {
        var limits = new ServerLimits { MaxHeldBytes = 4 * WirePlan.LargeBytes, MaxHeldBytesPerMachine = 2 * WirePlan.LargeBytes };
        await using var client = new ScriptedClient(limits);
        var all = new byte[WirePlan.LargeBytes];
        for (var connection = 0; connection < 2; connection++)
        {
            var hostile = await client.GreetAsync(machine: "hostile");
            await hostile.SendAsync(FrameType.Request, 1, Large, all.AsMemory(0, all.Length - 1), isLast: false);
            await PingAsync(hostile);
        }

        var third = await client.GreetAsync(machine: "hostile");
        await third.SendAsync(FrameType.Request, 1, Large, all);
        await ScriptedClient.ReceiveErrorAsync(third, 1, RefusalCode.Busy);
        var polite = await client.GreetAsync(machine: "polite");
        await ScriptedClient.SendAsync(polite, 1, WirePlan.Large);
        await polite.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task A_connection_may_announce_all_that_it_may_hold()
    {
        const long All = 2 * (WirePlan.LargeBytes + TensorBuffer.Alignment);
        await using var client = new ScriptedClient(new ServerLimits { MaxHeldBytes = 2 * All, MaxHeldBytesPerMachine = All, MaxHeldBytesPerConnection = All });
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, Large, new byte[4], isLast: false);
        await ScriptedClient.SendAsync(peer, 2, WirePlan.Large);
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task Replies_that_are_not_read_count_as_requests_in_flight()
    {
        const int MaxInFlight = 4;
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = MaxInFlight });
        var peer = await client.GreetAsync(capacity: 2048);
        // For as long as the server reads, which it does for a while after it has told a client to go.
        var sending = Task.Run(async () =>
        {
            for (ulong id = 1; ; id++) await ScriptedClient.SendAsync(peer, id, WirePlan.Large);
        });
        // It sends more than it may while nothing of its replies has room, so it is told to go, which it does not read either.
        await Assert.ThrowsAnyAsync<IOException>(() => sending);
        peer.Dispose();
        await client.Served;
        Assert.InRange(client.Model.Runs, 1, MaxInFlight + 1);
    }

    [Fact]
    public async Task Outputs_count_until_they_are_sent_and_then_make_room()
    {
        // As much as one boundary takes: outputs that were counted for longer would leave no room for the next.
        await using var client = new ScriptedClient(new ServerLimits { MaxHeldBytesPerConnection = WirePlan.LargeBytes + TensorBuffer.Alignment });
        var peer = await client.GreetAsync();
        for (ulong id = 1; id <= 20; id++)
        {
            await ScriptedClient.SendAsync(peer, id, WirePlan.Large);
            for (var frame = await peer.ReceiveAsync(FrameType.Response); !frame.Header.EndOfMessage; frame = await peer.ReceiveAsync(FrameType.Data)) { }
        }
    }

    [Fact]
    public async Task Pings_do_not_keep_a_request_that_does_not_go_on()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(new ServerLimits { StallTimeout = TimeSpan.FromSeconds(30) }, time);
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, Large, new byte[100], isLast: false);
        var pings = 0ul;
        try
        {
            for (; pings < 100; pings++)
            {
                await peer.SendAsync(FrameType.Ping, pings + 1);
                if (await peer.ReceiveAsync() is null) break;
                time.Advance(TimeSpan.FromSeconds(5));
            }
        }
        catch (IOException)
        {
            // The server has closed the connection.
        }

        await client.Served.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange(pings, 5ul, 12ul);
    }

    [Fact]
    public async Task Requests_that_go_on_do_not_keep_one_that_does_not()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(new ServerLimits { StallTimeout = TimeSpan.FromSeconds(30) }, time);
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, Large, new byte[100], isLast: false);
        var rounds = 0ul;
        try
        {
            for (; rounds < 100; rounds++)
            {
                await ScriptedClient.SendAsync(peer, rounds + 2, WirePlan.Large);
                ReceivedFrame? frame;
                do frame = await peer.ReceiveAsync();
                while (frame is { Header.EndOfMessage: false });
                if (frame is null) break;
                time.Advance(TimeSpan.FromSeconds(5));
            }
        }
        catch (IOException)
        {
            // The server has closed the connection.
        }

        await client.Served.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange(rounds, 5ul, 20ul);
    }

    [Fact]
    public async Task A_link_that_is_slow_but_steady_is_not_cut_in_the_middle_of_a_frame()
    {
        const int Piece = 16 << 10;
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(new ServerLimits { StallTimeout = TimeSpan.FromSeconds(30) }, time);
        // No more than a piece is under way, so that the clock runs ahead of the reader by one at most.
        var peer = await client.GreetAsync(capacity: Piece);
        var frame = WirePeer.Frame(FrameType.Request, 1, Large, new byte[WirePlan.LargeBytes]);
        for (var sent = 0; sent < frame.Length; sent += Piece)
        {
            await peer.SendAsync(frame.AsMemory(sent, Math.Min(Piece, frame.Length - sent)));
            time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    private static async Task PingAsync(WirePeer peer)
    {
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong);
    }
}
