using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

public class WithdrawalTests
{
    [Fact]
    public async Task A_token_that_has_fired_sends_nothing()
    {
        await using var server = new ScriptedServer();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await server.Transport.SendAsync(ScriptedServer.Request(), new(canceled: true)));
    }

    [Fact]
    public async Task The_server_is_told_and_its_late_answer_hurts_no_one()
    {
        await using var server = new ScriptedServer();
        using var token = new CancellationTokenSource();
        var withdrawn = server.Transport.SendAsync(ScriptedServer.Request(), token.Token).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.ReceiveAsync(FrameType.Request);
        await token.CancelAsync();
        Assert.Equal(token.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn)).CancellationToken);
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Cancel)).Header.RequestId);

        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.SendAsync(ScriptedServer.Response(1));
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Request)).Header.RequestId);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task A_withdrawal_in_the_middle_of_the_reply_lets_the_rest_go()
    {
        await using var server = new ScriptedServer();
        using var token = new CancellationTokenSource();
        var withdrawn = server.Transport.SendAsync(ScriptedServer.Request(), token.Token).AsTask();
        var peer = await server.WelcomeAsync();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(FrameType.Response, 1, new ResponseHeader(), new byte[3], isLast: false);
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        await peer.SendAsync(FrameType.Data, 1, null, new byte[5]);
        await peer.ReceiveAsync(FrameType.Cancel);
        var next = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        await peer.ReceiveAsync(FrameType.Request);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await next);
    }

    [Fact]
    public async Task After_a_withdrawal_the_payload_is_the_callers_though_the_server_takes_nothing()
    {
        await using var server = new ScriptedServer(capacity: 4096);
        using var token = new CancellationTokenSource();
        var request = ScriptedServer.Request(WirePlan.Large);
        var payload = request.Boundary.Span[0].Bytes;
        var sent = payload.ToArray();
        var withdrawn = server.Transport.SendAsync(request, token.Token).AsTask();
        var peer = await server.WelcomeAsync();
        var first = await peer.ReceiveAsync(FrameType.Request);
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        payload.Span.Clear();

        // What was on its way is whole and unchanged; its checksum was computed before the payload was cleared.
        List<byte> received = [.. first.Payload];
        ReceivedFrame frame;
        while ((frame = (await peer.ReceiveAsync())!).Header.Type == FrameType.Data)
        {
            Assert.Equal(Crc32C.Append(0, frame.Payload), frame.Header.PayloadChecksum);
            received.AddRange(frame.Payload);
        }

        Assert.Equal(FrameType.Cancel, frame.Header.Type);
        Assert.Equal(sent[..received.Count], received);
        Assert.InRange(received.Count, 1, payload.Length - 1);
    }

    [Fact]
    public async Task The_server_is_told_what_is_left_of_the_budget_when_the_request_leaves()
    {
        var time = new FakeTimeProvider();
        await using var server = new ScriptedServer(time);
        var budget = RequestBudget.Start(time, TimeSpan.FromMilliseconds(50));
        var sent = server.Transport.SendAsync(ScriptedServer.Request(budget: budget)).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(20));
        var peer = await server.WelcomeAsync();
        Assert.Equal(30_000ul, (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser).BudgetUs);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await sent);
    }

    [Fact]
    public async Task A_withdrawal_works_while_connecting()
    {
        await using var server = new ScriptedServer();
        using var token = new CancellationTokenSource();
        var withdrawn = server.Transport.SendAsync(ScriptedServer.Request(), token.Token).AsTask();
        await server.AcceptAsync();
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
    }

    [Fact]
    public async Task A_withdrawal_works_while_waiting_for_a_turn()
    {
        await using var server = new ScriptedServer();
        using var token = new CancellationTokenSource();
        var first = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.WelcomeAsync(maxInFlight: 1);
        await peer.ReceiveAsync(FrameType.Request);
        var withdrawn = server.Transport.SendAsync(ScriptedServer.Request(), token.Token).AsTask();
        await token.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withdrawn);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await first);
    }
}
