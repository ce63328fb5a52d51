using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

public class SlabTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_slab_is_encoded_while_the_one_before_is_on_its_way()
    {
        await using var server = new ScriptedServer();
        using var received = new SemaphoreSlim(0);
        // Each slab after the first is encoded only once the server has the one before.
        server.Probe.OnEncode = slab => Assert.True(slab == 0 || received.Wait(Patience));
        var request = ScriptedServer.Request(WirePlan.Large, server.Probe);
        var sending = Task.Run(() => server.Transport.SendAsync(request).AsTask());
        var peer = await server.WelcomeAsync();
        var payload = new List<byte>();
        ReceivedFrame frame;
        do
        {
            payload.AddRange((frame = (await peer.ReceiveAsync().WaitAsync(Patience))!).Payload);
            if (IsEndOfSlab(payload)) received.Release();
        }
        while (!frame.Header.EndOfMessage);

        Assert.Equal(WirePayload.Of(new ProbeCodec(), request.Boundary.ToArray()), payload);
        await peer.SendAsync(ScriptedServer.Response(1, WirePlan.Large));
        ScriptedServer.AssertOutputs(await sending, WirePlan.Large);
    }

    [Fact]
    public async Task A_slab_is_decoded_before_the_next_has_come()
    {
        await using var server = new ScriptedServer();
        using var decoded = new SemaphoreSlim(0);
        server.Probe.OnDecoded = _ => decoded.Release();
        var sending = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Large)).AsTask();
        var peer = await server.WelcomeAsync();
        while (!(await peer.ReceiveAsync())!.Header.EndOfMessage) { }

        var payload = WirePayload.Of(server.Probe, WirePlan.Outputs(WirePlan.Large));
        var firstSlab = 4 + BitConverter.ToInt32(payload);
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader { Codec = 2 }, payload.AsMemory(0, firstSlab), isLast: false);
        Assert.True(await decoded.WaitAsync(Patience));
        await peer.SendAsync(FrameType.Data, 1, null, payload.AsMemory(firstSlab));
        ScriptedServer.AssertOutputs(await sending, WirePlan.Large);
        Assert.Equal(1 + 1, decoded.CurrentCount);
    }

    [Fact]
    public async Task A_codec_that_fails_at_once_fails_the_call_and_nothing_is_sent()
    {
        await using var server = new ScriptedServer();
        server.Probe.OnEncode = static _ => throw new InvalidOperationException("At once.");
        var failing = server.Transport.SendAsync(ScriptedServer.Request(codec: server.Probe)).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        Assert.Equal("At once.", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing)).Message);
        await AssertGoesOn(server, peer, id: 1);
    }

    [Fact]
    public async Task A_codec_that_fails_on_the_way_fails_the_call_and_the_request_is_withdrawn()
    {
        await using var server = new ScriptedServer();
        server.Probe.OnEncode = static slab =>
        {
            if (slab == 1) throw new InvalidOperationException("On the way.");
        };
        var request = ScriptedServer.Request(WirePlan.Large, server.Probe);
        var failing = server.Transport.SendAsync(request).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        Assert.Equal("On the way.", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing)).Message);
        var sent = 0;
        ReceivedFrame frame;
        while ((frame = (await peer.ReceiveAsync())!).Header.Type != FrameType.Cancel) sent += frame.Payload.Length;
        Assert.Equal(1ul, frame.Header.RequestId);
        Assert.Equal(request.Progress.BytesSent, sent);
        await peer.SendAsync(FrameType.Error, 1, new ErrorHeader { Code = (uint)RefusalCode.Cancelled, Message = "As you wish." });
        await AssertGoesOn(server, peer, id: 2);
    }

    [Fact]
    public async Task A_withdrawal_between_slabs_encodes_no_more_of_them()
    {
        await using var server = new ScriptedServer();
        using var token = new CancellationTokenSource();
        var encoded = 0;
        server.Probe.OnEncode = slab =>
        {
            encoded++;
            if (slab == 1) token.Cancel();
        };
        var withdrawn = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Large, server.Probe), token.Token).AsTask();
        var peer = await server.WelcomeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        Assert.Equal(2, encoded);
        await AssertEnds(peer);
    }

    private static bool IsEndOfSlab(List<byte> payload)
    {
        var bytes = payload.ToArray();
        var at = 0;
        while (at < bytes.Length) at += 4 + BitConverter.ToInt32(bytes, at);
        return at == bytes.Length;
    }

    private static async Task AssertEnds(WirePeer peer)
    {
        await peer.SendAsync(FrameType.Ping, 1);
        ReceivedFrame frame;
        do frame = (await peer.ReceiveAsync())!;
        while (frame.Header.Type is FrameType.Request or FrameType.Data or FrameType.Cancel);
        Assert.Equal(FrameType.Pong, frame.Header.Type);
    }

    private static async Task AssertGoesOn(ScriptedServer server, WirePeer peer, ulong id)
    {
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal(id, (await peer.ReceiveAsync(FrameType.Request)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(id));
        ScriptedServer.AssertOutputs(await next);
    }
}
