using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>Models that a client opens and closes, in order and out of it.</summary>
public class ModelHandleTests
{
    private static readonly Dictionary<string, (OpenModel Message, RefusalCode Code)> Refused = new()
    {
        ["another name"] = (Change(static m => m.Model = "other"), RefusalCode.UnknownModel),
        ["another file"] = (Change(static m => m.ModelFingerprint = ByteString.CopyFrom(new byte[32])), RefusalCode.ModelMismatch),
        ["another plan"] = (Change(static m => m.PlanFingerprint = ByteString.CopyFrom(new byte[32])), RefusalCode.PlanMismatch),
    };

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    [Fact]
    public async Task Opening_tells_the_version()
    {
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.OpenModel, 7, ScriptedClient.Open());
        var frame = await peer.ReceiveAsync(FrameType.ModelOpened);
        Assert.Equal((7ul, "3"), (frame.Header.RequestId, frame.Read(ModelOpened.Parser).Version));
    }

    [Fact]
    public async Task Opening_tells_what_the_tails_take_as_far_as_they_were_measured()
    {
        await using var client = new ScriptedClient();
        client.Model.TailSeconds = [0.0009, 0, 1e-9];
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.OpenModel, 7, ScriptedClient.Open());
        Assert.Equal([900u, 0u, 1u], (await peer.ReceiveAsync(FrameType.ModelOpened)).Read(ModelOpened.Parser).TailUs);
    }

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task What_does_not_go_together_is_refused_in_words_and_the_connection_goes_on(string what)
    {
        var (message, code) = Refused[what];
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.OpenModel, 2, message);
        Assert.NotEmpty((await ReceiveRefusalAsync(peer, 2, code)).Message);
        await peer.SendAsync(FrameType.CloseModel, 2); // crosses the refusal
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Handle = 2), new byte[16]);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.ModelClosed);
        await ScriptedClient.SendAsync(peer, 2);
        await peer.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task A_request_may_follow_before_the_model_is_known_to_be_open()
    {
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        var (header, payload) = ScriptedClient.Request();
        await peer.SendAsync(FrameType.Hello, 0, ScriptedClient.Hello());
        await peer.SendAsync(FrameType.OpenModel, 1, ScriptedClient.Open());
        await peer.SendAsync(FrameType.Request, 1, header, payload);
        await peer.ReceiveAsync(FrameType.Welcome);
        await peer.ReceiveAsync(FrameType.ModelOpened);
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task A_closed_handle_takes_nothing_new_and_what_is_under_way_ends()
    {
        await using var client = new ScriptedClient();
        var (running, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        client.Model.OnRun = (_, _, _) =>
        {
            running.SetResult();
            return done.Task;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await running.Task;
        await peer.SendAsync(FrameType.CloseModel, 1);
        await peer.SendAsync(FrameType.CloseModel, 1); // twice does no harm
        await ScriptedClient.SendAsync(peer, 2);
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.ModelClosed);
        Assert.Equal(1, client.Model.Leases); // the run's
        done.SetResult();
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        peer.Dispose();
        await client.Served;
        Assert.Equal(0, client.Model.Leases);
    }

    [Fact]
    public async Task A_flood_of_openings_is_refused_over_the_limit_and_holds_nothing()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxOpenModelsPerConnection = 3 });
        var peer = await client.GreetAsync();
        for (ulong handle = 2; handle < 200; handle++)
        {
            await peer.SendAsync(FrameType.OpenModel, handle, ScriptedClient.Open());
            if (handle <= 3) await peer.ReceiveAsync(FrameType.ModelOpened);
            else await ReceiveRefusalAsync(peer, handle, RefusalCode.LimitExceeded);
        }

        Assert.Equal(3, client.Model.Leases);
        await peer.SendAsync(FrameType.CloseModel, 2);
        await peer.SendAsync(FrameType.OpenModel, uint.MaxValue, ScriptedClient.Open());
        await peer.ReceiveAsync(FrameType.ModelOpened);
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Handle = uint.MaxValue), new byte[16]);
        await peer.ReceiveAsync(FrameType.Response);
        peer.Dispose();
        await client.Served;
        Assert.Equal(0, client.Model.Leases);
    }

    [Fact]
    public async Task A_server_that_stops_opens_nothing_new()
    {
        await using var client = new ScriptedClient();
        var (running, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        client.Model.OnRun = (_, _, _) =>
        {
            running.SetResult();
            return done.Task;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await running.Task;
        var stopping = client.Server.StopAsync();
        var goAway = await peer.ReceiveAsync(FrameType.GoAway);
        Assert.Equal((0ul, RefusalCode.ShuttingDown), (goAway.Header.RequestId, (RefusalCode)goAway.Read(GoAway.Parser).Reason));
        await peer.SendAsync(FrameType.OpenModel, 2, ScriptedClient.Open());
        await ReceiveRefusalAsync(peer, 2, RefusalCode.ShuttingDown);
        await peer.SendAsync(FrameType.CloseModel, 2);
        done.SetResult();
        await peer.ReceiveAsync(FrameType.Response);
        peer.Dispose();
        await stopping;
    }

    [Fact]
    public async Task Replies_and_refusals_say_how_busy_the_server_is()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 1, MaxQueuedRuns = 0 });
        var (running, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        client.Model.OnRun = (_, _, _) =>
        {
            running.SetResult();
            return done.Task;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await running.Task;
        await ScriptedClient.SendAsync(peer, 2);
        var busy = await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.Busy);
        Assert.Equal((1u, 0u, 1u), (busy.Load.Running, busy.Load.Queued, busy.Load.Places));
        done.SetResult();
        var load = (await peer.ReceiveAsync(FrameType.Response)).Read(ResponseHeader.Parser).Load;
        Assert.Equal((0u, 1u), (load.Running, load.Places));
    }

    private static async Task<ErrorHeader> ReceiveRefusalAsync(WirePeer peer, ulong handle, RefusalCode code)
    {
        var frame = await peer.ReceiveAsync(FrameType.ModelRefused);
        var refusal = frame.Read(ErrorHeader.Parser);
        Assert.Equal((handle, code), (frame.Header.RequestId, (RefusalCode)refusal.Code));
        return refusal;
    }

    private static OpenModel Change(Action<OpenModel> change)
    {
        var message = ScriptedClient.Open();
        change(message);
        return message;
    }
}
