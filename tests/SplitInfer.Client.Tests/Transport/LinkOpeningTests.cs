using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>Models whose opening does not end as it usually does.</summary>
public class LinkOpeningTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_model_that_nobody_waits_for_any_more_is_closed_once_it_is_open()
    {
        await using var server = new ScriptedServer();
        using var leave = new CancellationTokenSource();
        var opening = server.Link.OpenAsync(RemoteModel.ToDescribe("model", ""), leave.Token);
        var peer = await server.AcceptAsync();
        await peer.ReceiveAsync(FrameType.Hello);
        await peer.SendAsync(FrameType.Welcome, 0, ScriptedServer.Welcome());
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        var open = await ScriptedServer.OpenAsync(peer);
        Assert.Equal(open.Header.RequestId, (await peer.ReceiveAsync(FrameType.CloseModel)).Header.RequestId);
    }

    [Fact]
    public async Task A_source_of_keys_that_does_not_answer_is_told_from_a_server_that_does_not_and_asked_once_until_it_does()
    {
        var (time, asked, begun, end) = (new FakeTimeProvider(), 0, new TaskCompletionSource(), new TaskCompletionSource<string>());
        var access = new ClientSecurityOptions
        {
            KeySource = _ =>
            {
                Interlocked.Increment(ref asked);
                begun.TrySetResult();
                return new(end.Task);
            },
        }.Snapshot();
        await using var link = new ServerLink(static _ => throw new IOException("It is connected with a key."), "test://server", CodecRegistry.Default, new(), time, access);
        for (var round = 0; round < 3; round++)
        {
            var opening = link.OpenAsync(new("model", "", WirePlan.Plan));
            await begun.Task.WaitAsync(Patience);
            using var patience = new CancellationTokenSource(Patience);
            while (!opening.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(1, patience.Token);
            }

            var silence = await Assert.ThrowsAsync<ServerUnreachableException>(() => opening);
            Assert.Contains("KeySource did not answer", silence.Message, StringComparison.Ordinal);
            Assert.Equal(1, asked);
        }

        end.SetResult("key");
        var failure = await Assert.ThrowsAsync<ServerUnreachableException>(() => link.OpenAsync(new("model", "", WirePlan.Plan)).WaitAsync(Patience));
        Assert.Contains("connected with a key", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_of_keys_that_is_slower_than_an_attempt_to_connect_is_waited_for()
    {
        var (time, asked) = (new FakeTimeProvider(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var access = new ClientSecurityOptions
        {
            KeySource = async limit =>
            {
                var answer = Task.Delay(TimeSpan.FromSeconds(3), time, limit);
                asked.SetResult();
                await answer;
                return "key";
            },
        }.Snapshot();
        var (client, server) = DuplexStream.CreatePair(1 << 20);
        using var peer = new WirePeer(server);
        await using var link = new ServerLink(_ => new(new StreamChannel(client)), "test://server", CodecRegistry.Default, new(), time, access);
        var opening = link.OpenAsync(RemoteModel.ToDescribe("model", ""));
        await asked.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromSeconds(3));
        var connecting = peer.ReceiveAsync(FrameType.Hello);
        await Task.WhenAny(connecting, opening).WaitAsync(Patience);
        if (opening.IsCompleted) await opening;
        Assert.Equal("key", (await connecting).Read(Hello.Parser).Key);
    }
}
