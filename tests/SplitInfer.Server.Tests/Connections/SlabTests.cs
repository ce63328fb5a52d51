using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

public class SlabTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly RequestHeader Header = ScriptedClient.Header(static h => h.Partition = WirePlan.Large);
    private static readonly byte[] Payload = WirePayload.Of(new ProbeCodec(), WirePlan.Boundary(WirePlan.Large));
    private static readonly int FirstSlab = sizeof(int) + BitConverter.ToInt32(Payload);

    [Fact]
    public async Task A_slab_is_decoded_before_the_next_has_come()
    {
        await using var client = new ScriptedClient();
        using var decoded = new SemaphoreSlim(0);
        client.Probe.OnDecoded = _ => decoded.Release();
        client.Model.OnRun = static (_, boundary, _) =>
        {
            Assert.True(WirePlan.Boundary(WirePlan.Large)[0].Bytes.Span.SequenceEqual(boundary[0].Bytes.Span));
            return Task.CompletedTask;
        };
        var peer = await client.GreetAsync(codecs: "Probe");
        await peer.SendAsync(FrameType.Request, 1, Header, Payload.AsMemory(0, FirstSlab), isLast: false);
        Assert.True(await decoded.WaitAsync(Patience));
        Assert.Equal(0, client.Model.Runs);
        await peer.SendAsync(FrameType.Data, 1, null, Payload.AsMemory(FirstSlab));
        await peer.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task A_slab_of_a_reply_is_encoded_while_the_one_before_is_on_its_way()
    {
        await using var client = new ScriptedClient();
        using var received = new SemaphoreSlim(0);
        client.Probe.OnEncode = slab => Assert.True(slab == 0 || received.Wait(Patience));
        var peer = await client.GreetAsync(codecs: "Probe");
        await peer.SendAsync(FrameType.Request, 1, Header, Payload);
        var reply = new List<byte>();
        ReceivedFrame frame;
        do
        {
            reply.AddRange((frame = (await peer.ReceiveAsync().WaitAsync(Patience))!).Payload);
            if (reply.Count >= FirstSlab) received.Release();
        }
        while (!frame.Header.EndOfMessage);

        Assert.Equal(WirePayload.Of(new ProbeCodec(), WirePlan.Outputs(WirePlan.Large)), reply);
    }

    [Fact]
    public async Task What_is_promised_is_the_tensors_and_one_slab()
    {
        var slabs = WirePlan.LargeBytes + TensorBuffer.Alignment + FirstSlab;
        await using var client = new ScriptedClient(new ServerLimits { MaxHeldBytesPerConnection = slabs });
        var peer = await client.GreetAsync(codecs: "Probe");
        for (ulong id = 1; id < 20; id += 2)
        {
            await peer.SendAsync(FrameType.Request, id, Header, Payload.AsMemory(0, FirstSlab + 1), isLast: false);
            await peer.SendAsync(FrameType.Request, id + 1, Header, Payload);
            await ScriptedClient.ReceiveErrorAsync(peer, id + 1, RefusalCode.Busy);
            await peer.SendAsync(FrameType.Cancel, id);
            await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.Cancelled);
        }

        await using var small = new ScriptedClient(new ServerLimits { MaxHeldBytesPerConnection = slabs - TensorBuffer.Alignment - 1 });
        peer = await small.GreetAsync(codecs: "Probe");
        await peer.SendAsync(FrameType.Request, 1, Header, Payload);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Busy);
    }

    [Fact]
    public async Task A_deadline_that_passes_between_slabs_ends_the_request_there()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        var peer = await client.GreetAsync(codecs: "Probe");
        await peer.SendAsync(FrameType.Request, 1, new RequestHeader(Header) { BudgetUs = 1000 }, Payload.AsMemory(0, FirstSlab), isLast: false);
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await peer.SendAsync(FrameType.Data, 1, null, Payload.AsMemory(FirstSlab, 1), isLast: false);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.DeadlineExceeded);
        await peer.SendAsync(FrameType.Cancel, 1);
        await ScriptedClient.SendAsync(peer, 2);
        Assert.Equal(RefusalCode.InvalidPayload, (RefusalCode)(await peer.ReceiveAsync(FrameType.Error)).Read(ErrorHeader.Parser).Code);
    }

    [Fact]
    public async Task A_codec_that_fails_to_encode_a_reply_is_a_failure_that_is_logged()
    {
        await using var client = new ScriptedClient();
        client.Probe.OnEncode = static _ => throw new InvalidOperationException("secret");
        var peer = await client.GreetAsync(codecs: "Probe");
        await peer.SendAsync(FrameType.Request, 1, Header, Payload);
        var error = await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Failed);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Contains(client.Log.Entries, static e => e.Message.Contains("secret", StringComparison.Ordinal));
        client.Probe.OnEncode = static _ => { };
        await peer.SendAsync(FrameType.Request, 2, Header, Payload);
        await peer.ReceiveAsync(FrameType.Response);
    }
}
