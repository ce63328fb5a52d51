using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

public class RequestTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.2, 0)]
    [InlineData(double.NaN, 0)]
    [InlineData(4, 4)]
    [InlineData(2.6, 3)]
    [InlineData(double.MaxValue, uint.MaxValue)]
    public async Task The_server_is_told_what_a_request_is_worth(double weight, uint sent)
    {
        await using var server = new ScriptedServer();
        var request = ScriptedServer.Request(weight: weight);
        var sending = server.Transport.SendAsync(request).AsTask();
        var peer = await server.WelcomeAsync();
        Assert.Equal(sent, (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser).Weight);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await sending);
    }

    [Fact]
    public async Task A_request_says_all_that_the_server_needs()
    {
        await using var server = new ScriptedServer(TimeProvider.System);
        var request = ScriptedServer.Request(WirePlan.Symbolic, new RunLengthCodec(), RequestBudget.Start(TimeProvider.System, TimeSpan.FromSeconds(100)), n: 5);
        var sending = server.Transport.SendAsync(request).AsTask();
        var peer = await server.WelcomeAsync();
        var frame = await peer.ReceiveAsync(FrameType.Request);
        var header = frame.Read(RequestHeader.Parser);
        Assert.Equal((1ul, 1u, 1u, 1u), (frame.Header.RequestId, header.Handle, header.Partition, header.Codec));
        Assert.Equal(WirePlan.Check, header.PlanCheck);
        Assert.InRange(header.BudgetUs, 1ul, 100_000_000ul);
        Assert.Equal([5], header.SymbolSizes);
        Assert.Equal(WirePayload.Of(request.Codec, request.Boundary.ToArray()), frame.Payload);
        await peer.SendAsync(ScriptedServer.Response(1, WirePlan.Symbolic, n: 5));
        var reply = await sending;
        Assert.Equal(10e-6, reply.Timings.TotalSeconds, 1e-12);
        ScriptedServer.AssertOutputs(reply, WirePlan.Symbolic, n: 5);
        Assert.Equal(frame.Payload.Length, request.Progress.BytesSent);
        Assert.True(request.Progress.EncodeSeconds > 0);
    }

    [Fact]
    public async Task A_request_carries_the_callers_trace()
    {
        await using var server = new ScriptedServer();
        using var activity = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C);
        activity.TraceStateString = "vendor=1";
        activity.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        activity.Start();
        var traced = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        activity.Stop();
        var peer = await server.WelcomeAsync();
        var header = (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser);
        Assert.Equal($"00-{header.TraceHigh:x16}{header.TraceLow:x16}-{header.Span:x16}-{header.TraceFlags:x2}", activity.Id);
        Assert.Equal("vendor=1", header.TraceState);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await traced);

        var untraced = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        header = (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser);
        Assert.Equal((0ul, 0ul, 0ul, 0u, ""), (header.TraceHigh, header.TraceLow, header.Span, header.TraceFlags, header.TraceState));
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await untraced);
    }

    [Fact]
    public async Task What_is_large_travels_in_several_frames_both_ways()
    {
        await using var server = new ScriptedServer();
        var request = ScriptedServer.Request(WirePlan.Large);
        var sending = server.Transport.SendAsync(request).AsTask();
        var peer = await server.WelcomeAsync();
        var received = new List<byte>();
        ReceivedFrame frame;
        do received.AddRange((frame = (await peer.ReceiveAsync())!).Payload);
        while (!frame.Header.EndOfMessage);
        Assert.Equal(FrameType.Data, frame.Header.Type);
        Assert.Equal(request.Boundary.Span[0].Bytes.ToArray(), received);

        var output = WirePlan.Outputs(WirePlan.Large)[0].Bytes;
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader(), output[..10], isLast: false);
        await peer.SendAsync(FrameType.Data, 1, null, output[10..600_000], isLast: false);
        await peer.SendAsync(FrameType.Data, 1, null, output[600_000..]);
        ScriptedServer.AssertOutputs(await sending, WirePlan.Large);
    }

    [Fact]
    public async Task Replies_may_come_in_any_order()
    {
        await using var server = new ScriptedServer();
        var sending = Enumerable.Range(1, 3).Select(n => server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Symbolic, n: n)).AsTask()).ToArray();
        var peer = await server.WelcomeAsync();
        // Which of the three is first on the wire is not settled; its size tells.
        var sizes = new Dictionary<ulong, int>();
        for (var index = 0; index < 3; index++)
        {
            var frame = await peer.ReceiveAsync(FrameType.Request);
            sizes[frame.Header.RequestId] = (int)frame.Read(RequestHeader.Parser).SymbolSizes[0];
        }

        foreach (var id in new ulong[] { 3, 1, 2 }) await peer.SendAsync(ScriptedServer.Response(id, WirePlan.Symbolic, sizes[id]));
        for (var n = 1; n <= 3; n++) ScriptedServer.AssertOutputs(await sending[n - 1], WirePlan.Symbolic, n);
    }

    [Fact]
    public async Task A_client_has_no_more_in_flight_than_the_server_takes()
    {
        await using var server = new ScriptedServer();
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.ReceiveAsync(FrameType.Request);
        using var impatience = new CancellationTokenSource();
        var second = server.Transport.SendAsync(ScriptedServer.Request(), impatience.Token).AsTask();
        var third = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await peer.SendAsync(FrameType.Ping, 77);
        Assert.Equal(77ul, (await peer.ReceiveAsync(FrameType.Pong)).Header.RequestId); // and no request before it
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Request)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await third);
    }

    [Fact]
    public async Task A_refusal_reaches_the_caller_and_leaves_the_connection()
    {
        await using var server = new ScriptedServer();
        var refused = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Error, 1, new ErrorHeader { Code = (uint)RefusalCode.Busy, Message = "Later.", Load = new() { Price = 2.5f, Places = 3 } });
        Assert.Equal((RefusalCode.Busy, 2.5, 3), await Assert.ThrowsAsync<TailRefusedException>(() => refused) is var busy ? (busy.Code, busy.Price, busy.Places) : default);
        var unknown = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Error, 2, new ErrorHeader { Code = 999, Message = "From the future.", Load = new() { Price = float.NaN, Places = uint.MaxValue } });
        Assert.Equal((RefusalCode.Failed, 0.0, 0), await Assert.ThrowsAsync<TailRefusedException>(() => unknown) is var failed ? (failed.Code, failed.Price, failed.Places) : default);
    }

    [Fact]
    public async Task What_is_refused_while_it_is_sent_ends_there()
    {
        await using var server = new ScriptedServer(capacity: 4096);
        var refused = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Large)).AsTask();
        var peer = await server.WelcomeAsync();
        var bytes = (await peer.ReceiveAsync(FrameType.Request)).Payload.Length;
        await peer.SendAsync(FrameType.Error, 1, new ErrorHeader { Code = (uint)RefusalCode.LimitExceeded, Message = "Too much." });
        await Assert.ThrowsAsync<TailRefusedException>(() => refused);
        ReceivedFrame frame;
        while ((frame = (await peer.ReceiveAsync())!).Header.Type != FrameType.Cancel) bytes += frame.Payload.Length;
        Assert.Equal(1ul, frame.Header.RequestId);
        Assert.InRange(bytes, 1, WirePlan.LargeBytes - 1);
    }

    [Fact]
    public async Task What_the_server_is_known_not_to_take_is_not_sent()
    {
        await using var server = new ScriptedServer();
        var tooLong = server.Transport.SendAsync(ScriptedServer.Request(WirePlan.Large)).AsTask();
        var peer = await server.WelcomeAsync(maxBoundaryBytes: 1000);
        Assert.Equal(RefusalCode.LimitExceeded, (await Assert.ThrowsAsync<TailRefusedException>(() => tooLong)).Code);
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Request)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await sending);
    }

    [Fact]
    public async Task A_ping_takes_the_time_to_the_server_and_back()
    {
        var time = new FakeTimeProvider();
        await using var server = new ScriptedServer(time);
        var pinging = server.Transport.PingAsync().AsTask();
        var peer = await server.WelcomeAsync();
        var ping = await peer.ReceiveAsync(FrameType.Ping);
        time.Advance(TimeSpan.FromMilliseconds(20));
        await peer.SendAsync(FrameType.Pong, ping.Header.RequestId);
        Assert.Equal(TimeSpan.FromMilliseconds(20), await pinging);
    }
}
