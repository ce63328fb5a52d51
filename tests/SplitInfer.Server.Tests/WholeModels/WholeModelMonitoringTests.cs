using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Tests.Connections;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.WholeModels;

/// <summary>What people who watch a server see of requests for whole models.</summary>
public sealed class WholeModelMonitoringTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Who_watches_sees_each_request_once_and_its_client_until_that_leaves()
    {
        var feed = new RequestFeed();
        await using var client = new ScriptedClient(time: _time, feed: feed);
        client.Model.OnRun = (_, _, _) => Pass(3);
        using var subscription = feed.Subscribe(capacity: 10);
        var server = new WholeModelServer(client);
        var (one, other) = (server.Connect(), server.Connect());
        Assert.Empty(server.Clients);

        using (var request = server.Begin(one, "Grpc"))
        {
            await Pass(1);
            (request.BytesReceived, request.BytesSent) = (16, 8);
            Assert.Equal(1, Assert.Single(server.Clients).InFlight);
            Assert.Throws<TailRefusedException>(() => server.Begin(other, model: "none"));
            await request.RunAsync(WirePlan.Boundary(WirePlan.Fixed));
        }

        using (var request = server.Begin(one)) request.Reject(RefusalCode.InvalidPayload, "It is none.");
        using (server.Begin(one, codec: null))
        {
            // A probe is shown to nobody.
        }

        Assert.True(subscription.Requests.TryRead(out var refused));
        Assert.Equal((other.Connection.Number, RefusalCode.UnknownModel, null, "Json"), (refused.Client, refused.Refusal, refused.Model, refused.Codec));
        Assert.True(subscription.Requests.TryRead(out var answered));
        Assert.Equal((one.Connection.Number, null, "model", "3", 0, "Grpc", 16, 8), (answered.Client, answered.Refusal, answered.Model, answered.Version, answered.Partition, answered.Codec, answered.BytesReceived, answered.BytesSent));
        Assert.Equal([1, 0, 0, 3, 0], new[] { answered.Receive, answered.Decode, answered.Queue, answered.Run, answered.Encode }.Select(static stage => stage.TotalSeconds));
        Assert.True(subscription.Requests.TryRead(out var invalid));
        Assert.Equal((one.Connection.Number, RefusalCode.InvalidPayload), (invalid.Client, invalid.Refusal));
        Assert.False(subscription.Requests.TryRead(out _));

        var shown = server.Clients;
        Assert.Equal([one.Connection.Number, other.Connection.Number], shown.Select(static client => client.Number));
        Assert.All(shown, static client => Assert.True(client.Number < 0));
        Assert.Equal(("machine:1", null, "Test\\u001B[2J 1.0"), (shown[0].Address, shown[0].Key, shown[0].Software));
        Assert.Equal((1, 1, 0, 0, 16), (shown[0].Answered, shown[0].Refused, shown[0].Withdrawn, shown[0].InFlight, shown[0].BytesReceived));
        await server.Closed.CancelAsync();
        Assert.Empty(server.Clients);
    }

    private Task Pass(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return Task.CompletedTask;
    }
}
