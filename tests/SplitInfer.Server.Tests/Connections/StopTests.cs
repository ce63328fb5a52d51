using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>What stops a request: its withdrawal, its deadline, the loss of the connection, the end of the server.</summary>
public class StopTests
{
    private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_withdrawal_reaches_the_run()
    {
        await using var client = new ScriptedClient();
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        await peer.SendAsync(FrameType.Cancel, 1);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Cancelled);
        await _stopped.Task;
    }

    [Fact]
    public async Task A_withdrawal_in_the_middle_of_a_request_ends_it()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = 1 });
        var peer = await client.GreetAsync();
        for (ulong id = 1; id < 10; id++)
        {
            await peer.SendAsync(FrameType.Request, id, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), new byte[10], isLast: false);
            await peer.SendAsync(FrameType.Cancel, id);
            await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.Cancelled);
        }

        Assert.Equal(0, client.Model.Runs);
    }

    [Fact]
    public async Task A_withdrawal_that_crosses_the_answer_is_ignored()
    {
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await peer.ReceiveAsync(FrameType.Response);
        await peer.SendAsync(FrameType.Cancel, 1);
        await ScriptedClient.SendAsync(peer, 2);
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task A_deadline_stops_the_run()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, deadline: TimeSpan.FromMilliseconds(50));
        await _running.Task;
        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(_stopped.Task.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.DeadlineExceeded);
    }

    [Fact]
    public async Task A_deadline_is_one_though_its_timer_fires_early()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1, deadline: TimeSpan.FromMilliseconds(50));
        await _running.Task;
        time.AdjustTime(time.Start - TimeSpan.FromMilliseconds(1)); // the timer still waits for 50 ms, and so fires 1 ms early
        time.Advance(TimeSpan.FromMilliseconds(50));
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.DeadlineExceeded);
    }

    [Fact]
    public async Task A_deadline_that_passes_in_the_queue_costs_no_run()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 1 }, time);
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        await ScriptedClient.SendAsync(peer, 2, deadline: TimeSpan.FromMilliseconds(1));
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.DeadlineExceeded);
        Assert.Equal(1, client.Model.Runs);
    }

    [Fact]
    public async Task A_request_that_comes_whole_after_its_deadline_is_not_decoded()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        var peer = await client.GreetAsync();
        // It would not decode, and that would be the answer.
        byte[] payload = [2, 0, 0, 0, 5, 0];
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => { h.Codec = 1; h.BudgetUs = 1000; }), payload.AsMemory(0, 3), isLast: false);
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await peer.SendAsync(FrameType.Data, 1, null, payload.AsMemory(3));
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.DeadlineExceeded);
        Assert.Equal(0, client.Model.Runs);
    }

    [Fact]
    public async Task A_withdrawal_in_the_queue_ends_the_request_at_once()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConcurrentRuns = 1 });
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        await ScriptedClient.SendAsync(peer, 2);
        await peer.SendAsync(FrameType.Cancel, 2);
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.Cancelled);
        Assert.Equal(1, client.Model.Runs);
    }

    [Fact]
    public async Task A_lost_connection_stops_its_runs()
    {
        await using var client = new ScriptedClient();
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        peer.Dispose();
        await _stopped.Task;
        await client.Served;
    }

    [Fact]
    public async Task A_client_that_stops_in_the_middle_of_a_request_is_left()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), new byte[10], isLast: false);
        while (!client.Served.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_server_that_stops_lets_what_is_in_flight_end_and_takes_nothing_new()
    {
        await using var client = new ScriptedClient();
        var done = new TaskCompletionSource();
        client.Model.OnRun = (_, _, _) =>
        {
            _running.SetResult();
            return done.Task;
        };
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        var stopping = client.Server.StopAsync();
        await peer.ReceiveAsync(FrameType.GoAway);
        await ScriptedClient.SendAsync(peer, 2);
        await ScriptedClient.ReceiveErrorAsync(peer, 2, RefusalCode.ShuttingDown);
        await ScriptedClient.ReceiveErrorAsync(client.Connect(), 0, RefusalCode.ShuttingDown);
        Assert.False(stopping.IsCompleted);
        done.SetResult();
        Assert.Equal(1ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        peer.Dispose();
        await stopping;
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_a_request_that_does_not_go_on()
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), new byte[10], isLast: false);
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.ReceiveAsync(FrameType.Pong);
        var (stopping, waited) = (client.Server.StopAsync(), TimeSpan.Zero);
        for (; !stopping.IsCompleted && waited < TimeSpan.FromSeconds(20); waited += TimeSpan.FromSeconds(0.1))
        {
            time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Delay(5); // what the clock has made due runs on other threads
        }

        Assert.True(stopping.IsCompleted, "The server still waits after 20 s.");
        await stopping;
    }

    [Fact]
    public async Task A_server_that_must_stop_at_once_does()
    {
        await using var client = new ScriptedClient();
        client.Model.OnRun = RunUntilStopped;
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await _running.Task;
        using var patience = new CancellationTokenSource();
        var stopping = client.Server.StopAsync(patience.Token);
        await peer.ReceiveAsync(FrameType.GoAway);
        await patience.CancelAsync();
        await stopping;
        await _stopped.Task;
    }

    private async Task RunUntilStopped(int partition, Tensors.TensorValue[] boundary, CancellationToken cancellationToken)
    {
        _running.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            _stopped.TrySetResult();
        }
    }
}
