using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Monitoring;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>What people who watch a server see of its clients and their requests.</summary>
public class MonitoringTests
{
    private static readonly Dictionary<string, Action<Protocol.Messages.ClientReport>> Changes = new()
    {
        ["partition"] = static r => r.Last.Partition = 4_000_000,
        ["variant"] = static r => r.Last.Variant = uint.MaxValue,
        ["nothing told of the last"] = static r => r.Last = null,
        ["more forced than finished"] = static r => r.Forced = 3,
        ["more raced than finished"] = static r => r.Raced = uint.MaxValue,
        ["more won than finished"] = static r => r.WonByDevice = 3,
        ["finished"] = static r => r.Finished = uint.MaxValue,
        ["on the device"] = static r => r.OnDevice = uint.MaxValue,
        ["time on the device"] = static r => r.OnDeviceUs = ulong.MaxValue,
        ["round trip"] = static r => r.RoundTripUs = ulong.MaxValue,
        ["bandwidth"] = static r => r.BitsPerSecond = ulong.MaxValue,
    };

    public static TheoryData<string> Impossible => [.. Changes.Keys];

    [Fact]
    public async Task A_client_is_shown_with_what_it_does_and_tells()
    {
        await using var client = new ScriptedClient();
        Assert.Empty(client.Server.Clients);
        var peer = await GreetAsync(client, "reports");
        await AskAsync(peer, 1, Report());
        var shown = Assert.Single(client.Server.Clients);
        Assert.Equal((1L, "machine:1", null, "Test\\u001B[2J 1.0"), (shown.Number, shown.Address, shown.Key, shown.Software));
        await PollAsync(() => Assert.Single(client.Server.Clients) is { Answered: 1, InFlight: 0 });
        shown = client.Server.Clients[0];
        Assert.Equal((WirePlan.Fixed, "Raw", "model"), (shown.Last!.Value.Partition, shown.Last.Value.Codec, shown.Last.Value.Model));
        Assert.Equal((0.02, 8e6), (shown.Report!.Value.RoundTripSeconds, shown.Report.Value.BitsPerSecond));
        Assert.Equal((2, 1, 1, 0, 5), shown.Told);
        var last = shown.Report.Value.Last!.Value;
        Assert.Equal((1, "RunLength", 0, true, true, false), (last.Partition, last.Codec, last.Variant, last.IsForced, last.IsRaced, last.IsDevice));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 28, 30], new[] { last.Decide, last.Head, last.Encode, last.Send, last.Server, last.Reply, last.Tail, last.Total, last.Predicted!.Value }.Select(static t => (int)t.TotalMilliseconds));
        peer.Dispose();
        await client.Served;
        Assert.Empty(client.Server.Clients);
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task What_is_impossible_is_not_shown_and_the_request_is_served(string what)
    {
        await using var client = new ScriptedClient();
        var peer = await GreetAsync(client, "reports");
        var report = Report();
        Changes[what](report);
        await AskAsync(peer, 1, report);
        await PollAsync(() => client.Server.Clients[0].Answered == 1);
        Assert.True(client.Server.Clients[0].Report is null, what);
    }

    [Fact]
    public async Task A_report_that_was_not_agreed_on_is_ignored()
    {
        await using var client = new ScriptedClient();
        await AskAsync(await GreetAsync(client), 1, Report());
        await PollAsync(() => client.Server.Clients[0].Answered == 1);
        Assert.Null(client.Server.Clients[0].Report);
    }

    [Fact]
    public async Task Who_watches_sees_each_request_once_with_its_report()
    {
        var feed = new RequestFeed();
        await using var client = new ScriptedClient(feed: feed);
        using var subscription = feed.Subscribe(capacity: 2);
        var peer = await GreetAsync(client, "reports");
        await AskAsync(peer, 1, Report());
        var shown = await subscription.Requests.ReadAsync();
        Assert.Equal((1L, WirePlan.Fixed, null, 2), (shown.Client, shown.Partition, shown.Refusal, shown.Report!.Value.Finished));
        Assert.True(shown.BytesReceived > 0 && shown.BytesSent > 0);

        await peer.SendAsync(FrameType.Request, 2, ScriptedClient.Header(static h => h.Partition = 99), default);
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.InvalidPartition);
        shown = await subscription.Requests.ReadAsync();
        Assert.Equal((RefusalCode.InvalidPartition, null), (shown.Refusal!.Value, shown.Report));
        Assert.Equal(1, client.Server.Clients[0].Refused);
    }

    [Fact]
    public void A_reader_that_does_not_keep_up_misses_the_oldest()
    {
        var feed = new RequestFeed();
        Assert.False(feed.IsWatched);
        var subscription = feed.Subscribe(capacity: 2);
        for (var client = 1; client <= 5; client++) feed.Publish(new RequestActivity { Client = client, Model = null, Version = null, Refusal = null, Partition = 0, Codec = null, BytesReceived = 0, BytesSent = 0, Receive = default, Decode = default, Queue = default, Run = default, Encode = default, Report = null });
        Assert.Equal(3, subscription.Missed);
        Assert.True(subscription.Requests.TryRead(out var oldest));
        Assert.Equal(4, oldest.Client);
        subscription.Dispose();
        subscription.Dispose();
        Assert.False(feed.IsWatched);
    }

    private static Protocol.Messages.ClientReport Report() => new()
    {
        RoundTripUs = 20_000, BitsPerSecond = 8_000_000, Finished = 2, Forced = 1, Raced = 1, OnDevice = 5, OnDeviceUs = 100_000,
        Last = new()
        {
            Partition = 1, Codec = 2, IsForced = true, IsRaced = true, DecideUs = 1000, HeadUs = 2000, EncodeUs = 3000, SendUs = 4000, ServerUs = 5000, ReplyUs = 6000, TailUs = 7000,
            TotalUs = 28_000, PredictedUs = 30_000,
        },
    };

    private static async Task<WirePeer> GreetAsync(ScriptedClient client, params string[] capabilities)
    {
        var peer = client.Connect();
        var hello = ScriptedClient.Hello();
        hello.Capabilities.Add(capabilities);
        hello.Client = "Test\u001B[2J 1.0";
        await peer.SendAsync(FrameType.Hello, 0, hello);
        await peer.SendAsync(FrameType.OpenModel, 1, ScriptedClient.Open());
        Assert.Equal(capabilities, (await peer.ReceiveAsync(FrameType.Welcome)).Read(Welcome.Parser).Capabilities);
        await peer.ReceiveAsync(FrameType.ModelOpened);
        return peer;
    }

    private static async Task AskAsync(WirePeer peer, ulong id, Protocol.Messages.ClientReport report)
    {
        var (header, payload) = ScriptedClient.Request();
        header.Report = report;
        await peer.SendAsync(FrameType.Request, id, header, payload);
        await peer.ReceiveAsync(FrameType.Response);
    }

    // The reply is on its way before the request has ended.
    private static async Task PollAsync(Func<bool> isSo)
    {
        while (!isSo()) await Task.Delay(1);
    }
}
