using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>What headers say of the quality of answers, from clients that have agreed on it and from those that have not.</summary>
public class QualityHeaderTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-0.1f)]
    [InlineData(1.0001f)]
    public async Task A_quality_that_is_none_is_refused(float quality) => await RefusedAsync(header => header.MinQuality = quality);

    [Fact]
    public async Task The_name_of_a_user_has_an_end() => await RefusedAsync(static header => (header.MinQuality, header.User) = (0.5f, new string('é', 33)));

    [Fact]
    public async Task A_name_of_a_megabyte_ends_the_connection()
    {
        await using var client = new ScriptedClient();
        var peer = await GreetAsync(client);
        var (header, payload) = ScriptedClient.Request();
        header.User = new string('u', 1 << 20);
        await peer.SendAsync(FrameType.Request, 1, header, payload);
        await ScriptedClient.ReceiveErrorAsync(peer, 0, RefusalCode.ProtocolViolation);
    }

    [Fact]
    public async Task No_request_names_the_exit_that_is_to_answer()
    {
        await using var client = new ScriptedClient();
        var peer = await GreetAsync(client);
        var (header, payload) = ScriptedClient.Request();
        (header.Exit, header.MinQuality) = (1, 0.5f);
        await peer.SendAsync(FrameType.Request, 1, header, payload);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.InvalidPartition);
    }

    [Fact]
    public async Task Without_the_agreement_nothing_that_is_said_of_quality_counts()
    {
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync();
        var (header, payload) = ScriptedClient.Request();
        (header.MinQuality, header.User) = (float.NaN, new string('u', 100));
        await peer.SendAsync(FrameType.Request, 1, header, payload);
        var reply = (await peer.ReceiveAsync(FrameType.Response)).Read(ResponseHeader.Parser);
        Assert.Equal((0u, 0f), (reply.Exit, reply.Confidence));
    }

    [Fact]
    public async Task What_one_request_allows_the_next_does_not()
    {
        await using var client = new ScriptedClient();
        var peer = await GreetAsync(client);
        for (ulong id = 1; id < 4; id++)
        {
            var (header, payload) = ScriptedClient.Request();
            if (id % 2 == 1) (header.MinQuality, header.User) = (0.5f, "camera");
            await peer.SendAsync(FrameType.Request, id, header, payload);
            Assert.Equal(0u, (await peer.ReceiveAsync(FrameType.Response)).Read(ResponseHeader.Parser).Exit);
        }
    }

    private static async Task RefusedAsync(Action<RequestHeader> change)
    {
        await using var client = new ScriptedClient();
        var peer = await GreetAsync(client);
        var (header, payload) = ScriptedClient.Request();
        change(header);
        await peer.SendAsync(FrameType.Request, 1, header, payload);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.LimitExceeded);
        Assert.Equal(0, client.Model.Runs);
    }

    private static async Task<WirePeer> GreetAsync(ScriptedClient client)
    {
        var peer = client.Connect();
        var hello = ScriptedClient.Hello();
        hello.Capabilities.Add(Capabilities.Exits);
        await peer.SendAsync(FrameType.Hello, 0, hello);
        await peer.SendAsync(FrameType.OpenModel, 1, ScriptedClient.Open());
        Assert.Contains(Capabilities.Exits, (await peer.ReceiveAsync(FrameType.Welcome)).Read(Welcome.Parser).Capabilities);
        await peer.ReceiveAsync(FrameType.ModelOpened);
        return peer;
    }
}
