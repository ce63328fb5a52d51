using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>Tails that are not loaded when they are asked for.</summary>
public class LoadingTests
{
    [Fact]
    public async Task A_tail_that_loads_holds_no_place_to_run()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 1, MaxQueuedRuns = 0 });
        var loaded = new TaskCompletionSource();
        client.Model.OnRent = (partition, _) => partition == WirePlan.Symbolic ? loaded.Task : Task.CompletedTask;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, WirePlan.Symbolic);
        for (ulong id = 2; id < 10; id++)
        {
            await ScriptedClient.SendAsync(peer, id);
            Assert.Equal(id, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        }

        loaded.SetResult();
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task A_request_whose_tail_loads_can_be_withdrawn()
    {
        await using var client = new ScriptedClient();
        var loading = new TaskCompletionSource();
        client.Model.OnRent = (_, stop) =>
        {
            loading.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, stop);
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await loading.Task;
        await peer.SendAsync(FrameType.Cancel, 1);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Cancelled);
        Assert.Equal(0, client.Model.Runs);
    }

    [Fact]
    public async Task A_tail_that_cannot_be_loaded_is_refused_by_its_partition()
    {
        await using var client = new ScriptedClient();
        var engine = new Execution.EngineException(Execution.EngineErrorCode.Fail, "It was told to fail.");
        client.Model.OnRent = (partition, _) => Task.FromException(new SegmentLoadException("model.onnx", new(SegmentSide.Tail, partition), engine));
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.PartitionUnavailable);
    }
}
