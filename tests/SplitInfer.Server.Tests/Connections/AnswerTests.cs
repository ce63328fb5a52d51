using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

public class AnswerTests
{
    [Fact]
    public async Task The_tail_gets_the_boundary_and_the_client_its_outputs()
    {
        await using var client = new ScriptedClient();
        var expected = WirePlan.Boundary(WirePlan.Symbolic, n: 7);
        client.Model.OnRun = (partition, boundary, _) =>
        {
            Assert.Equal(WirePlan.Symbolic, partition);
            Assert.Equal(expected.Select(static e => (e.Shape, Convert.ToHexString(e.Bytes.Span))), boundary.Select(static b => (b.Shape, Convert.ToHexString(b.Bytes.Span))));
            return Task.CompletedTask;
        };
        var peer = await client.GreetAsync();
        var (header, payload) = ScriptedClient.Request(WirePlan.Symbolic, n: 7);
        await peer.SendAsync(FrameType.Request, 1, header, payload.AsMemory(0, 50), isLast: false);
        await peer.SendAsync(FrameType.Data, 1, null, payload.AsMemory(50, 1), isLast: false);
        await peer.SendAsync(FrameType.Data, 1, null, payload.AsMemory(51));
        var response = await peer.ReceiveAsync(FrameType.Response);
        var outputs = WirePlan.Outputs(WirePlan.Symbolic, n: 7);
        Assert.Equal([7], response.Read(ResponseHeader.Parser).SymbolSizes);
        Assert.Equal(outputs.SelectMany(static o => o.Bytes.ToArray()), response.Payload);
    }

    [Fact]
    public async Task A_codec_that_is_no_identity_works_both_ways()
    {
        await using var client = new ScriptedClient();
        var expected = WirePlan.Boundary(WirePlan.Large);
        client.Model.OnRun = (_, boundary, _) =>
        {
            Assert.True(expected[0].Bytes.Span.SequenceEqual(boundary[0].Bytes.Span));
            return Task.CompletedTask;
        };
        var peer = await client.GreetAsync(codecs: "RunLength");
        var codec = new RunLengthCodec();
        var parts = WirePayload.Of(codec, expected).Chunk(100_000).ToArray();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), parts[0], isLast: false);
        for (var part = 1; part < parts.Length; part++) await peer.SendAsync(FrameType.Data, 1, null, parts[part], part == parts.Length - 1);

        var frame = await peer.ReceiveAsync(FrameType.Response);
        List<byte> received = [.. frame.Payload];
        while (!frame.Header.EndOfMessage) received.AddRange((frame = await peer.ReceiveAsync(FrameType.Data)).Payload);
        var output = WirePlan.Outputs(WirePlan.Large)[0];
        Assert.True(output.Bytes.Span.SequenceEqual(WirePayload.Decode(codec, ElementType.UInt8, output.Shape, received.ToArray())));
    }

    [Fact]
    public async Task Requests_are_answered_as_they_are_done()
    {
        await using var client = new ScriptedClient();
        var done = new TaskCompletionSource();
        client.Model.OnRun = (partition, _, _) => partition == WirePlan.Symbolic ? done.Task : Task.CompletedTask;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, WirePlan.Symbolic);
        await ScriptedClient.SendAsync(peer, 2);
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        done.SetResult();
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task A_run_that_takes_the_thread_keeps_no_frame_waiting()
    {
        await using var client = new ScriptedClient();
        using var pinged = new ManualResetEventSlim();
        client.Model.OnRun = (_, _, _) =>
        {
            Assert.True(pinged.Wait(TimeSpan.FromSeconds(60), CancellationToken.None));
            return Task.CompletedTask;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await peer.SendAsync(FrameType.Ping, 9);
        Assert.Equal(9ul, (await peer.ReceiveAsync(FrameType.Pong)).Header.RequestId);
        pinged.Set();
        await peer.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task Only_so_many_run_and_wait_and_the_next_is_refused_at_once()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 1, MaxQueuedRuns = 1 });
        var done = new TaskCompletionSource();
        client.Model.OnRun = (_, _, _) => done.Task;
        var peer = await client.GreetAsync();
        for (ulong id = 1; id <= 3; id++) await ScriptedClient.SendAsync(peer, id);
        // They come to the queue in no settled order.
        var refused = await peer.ReceiveAsync(FrameType.Error);
        Assert.Equal(RefusalCode.Busy, (RefusalCode)refused.Read(ErrorHeader.Parser).Code);
        done.SetResult();
        var answered = new[] { await peer.ReceiveAsync(FrameType.Response), await peer.ReceiveAsync(FrameType.Response) };
        Assert.Equal([1, 2, 3], answered.Append(refused).Select(static f => (int)f.Header.RequestId).Order());
        Assert.Equal(2, client.Model.Runs);
    }

    [Fact]
    public async Task Only_so_many_bytes_are_held_and_they_are_given_back()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 2, MaxHeldBytes = 2 * (WirePlan.LargeBytes + 1000) });
        var (running, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        client.Model.OnRun = (partition, _, _) =>
        {
            running.TrySetResult();
            return partition == WirePlan.Large ? done.Task : Task.CompletedTask;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, WirePlan.Large);
        await running.Task; // with room for its outputs, which the boundary of the next would take
        await ScriptedClient.SendAsync(peer, 2, WirePlan.Large);
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.Busy);
        await ScriptedClient.SendAsync(peer, 3);
        Assert.Equal(3ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        done.SetResult();
        for (var frame = await peer.ReceiveAsync(); !frame!.Header.EndOfMessage; frame = await peer.ReceiveAsync()) { }

        var answered = 0;
        for (ulong id = 4; answered < 4; id++)
        {
            Assert.True(id < 100, "Bytes of replies are not given back.");
            await ScriptedClient.SendAsync(peer, id, WirePlan.Large);
            var frame = await peer.ReceiveAsync();
            // The bytes of a reply are given back once it is wholly sent, which the client may see a moment before.
            if (frame!.Header.Type == FrameType.Error) continue;
            while (!frame!.Header.EndOfMessage) frame = await peer.ReceiveAsync(FrameType.Data);
            answered++;
        }
    }

    [Fact]
    public async Task A_client_that_may_hold_one_boundary_is_served_again_and_again()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxHeldBytesPerMachine = WirePlan.LargeBytes + 1000 });
        var peer = await client.GreetAsync();
        for (ulong id = 1; id <= 100; id++)
        {
            await ScriptedClient.SendAsync(peer, id, WirePlan.Large);
            var frame = await peer.ReceiveAsync();
            // The bytes of a reply are given back once it is wholly sent, which the client may see a moment before.
            if (frame!.Header.Type == FrameType.Error) Assert.Equal(RefusalCode.Busy, (RefusalCode)frame.Read(ErrorHeader.Parser).Code);
            else while (!frame!.Header.EndOfMessage) frame = await peer.ReceiveAsync(FrameType.Data);
        }

        await ScriptedClient.SendAsync(peer, 101);
        await peer.ReceiveAsync(FrameType.Response);
    }
}
