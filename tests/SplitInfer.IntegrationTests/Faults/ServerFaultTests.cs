using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Protocol;
using SplitInfer.Testing.Faults;
using SplitInfer.Testing.Link;
using SplitInfer.Testing.Networks;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>What happens to servers: each test has servers of its own, and a client in each mode.</summary>
public class ServerFaultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Killed_in_the_middle_of_a_request_and_started_again()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        var server = await ServerProcess.StartAsync(deployment.ModelsDirectory, "--threads", "1");
        await using var world = await FaultWorld.StartAsync(deployment, server.Address);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Proxy.Script = _ => new()
        {
            Up =
            [
                Fault.Do(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100), () =>
                {
                    if (killed.TrySetResult()) server.Dispose();
                    return Task.CompletedTask;
                }),
            ],
        };
        world.Proxy.ForEach(static connection => connection.Reset());
        // A client may need a moment to find the server again, and then kills it.
        await world.InferUntilAsync(() => killed.Task.IsCompleted);
        await world.InferAsync();

        using var next = await ServerProcess.StartAsync(deployment.ModelsDirectory, "--threads", "1");
        (world.Proxy.Target, world.Proxy.Script) = (next.Address, static _ => ConnectionScript.Clean);
        await ReturnAsync(world);
    }

    [UnixFact]
    public async Task Stopped_for_a_while()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        using var server = await ServerProcess.StartAsync(deployment.ModelsDirectory, "--threads", "1");
        await using var world = await FaultWorld.StartAsync(deployment, server.Address);
        server.Suspend();
        await world.InferAsync();
        await world.InferUntilAsync(() => world.IsFailureKnown);
        server.Resume();
        await ReturnAsync(world);
    }

    [UnixFact]
    public async Task Stopped_for_ten_seconds_by_clients_with_the_timeouts_that_they_have_unless_told_otherwise()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        using var server = await ServerProcess.StartAsync(deployment.ModelsDirectory, "--threads", "1");
        await using var world = await FaultWorld.StartAsync(deployment, server.Address, configure: static client => client.Transport = new());
        server.Suspend();
        var stopped = Task.Delay(TimeSpan.FromSeconds(10));
        while (!stopped.IsCompleted)
        {
            await world.InferAsync(calls: 1);
            await Task.WhenAny(stopped, Task.Delay(200));
        }

        server.Resume();
        await ReturnAsync(world);
    }

    [Fact]
    public async Task Restarted_with_another_model_under_the_same_name()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        await using var other = await FaultWorld.DeployAsync(model: NetworkCatalog.All["resnet18"]().ToBytes());
        await using var world = await FaultWorld.StartAsync(deployment, configure: static client => client.ModelName = "demo");
        world.Proxy.Target = other.Server.Endpoints[0];
        world.Proxy.ForEach(static connection => connection.Reset());
        await world.InferAsync();
        await world.InferUntilAsync(() => world.FailForAll(static failure => failure is TailRefusedException { Code: RefusalCode.ModelMismatch }));
        world.Proxy.Target = deployment.Server.Endpoints[0];
        world.Proxy.ForEach(static connection => connection.Reset());
        await ReturnAsync(world);
    }

    [Fact]
    public async Task Behind_a_link_that_becomes_slow_and_far_and_fast_again()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        await using var link = ShapedLink.Start(deployment.Server.Endpoints[0], LinkConditions.Unlimited);
        await using var world = await FaultWorld.StartAsync(deployment, link.Address);
        foreach (var conditions in (LinkConditions[])[LinkConditions.Of(mbps: 0.2, rttMs: 50), LinkConditions.Of(mbps: 100, rttMs: 3000), LinkConditions.Of(mbps: 0.01, rttMs: 500)])
        {
            link.Conditions = conditions;
            await world.InferAsync(calls: 2);
        }

        link.Conditions = LinkConditions.Unlimited;
        await ReturnAsync(world);
    }

    [Fact]
    public async Task Stopped_in_order_and_started_again()
    {
        await using var deployment = await FaultWorld.DeployAsync();
        await using var server = await FaultWorld.DeployAsync();
        await using var world = await FaultWorld.StartAsync(deployment, server.Server.Endpoints[0]);
        var calls = world.InferAsync(calls: 20);
        await server.Server.DisposeAsync();
        await calls;
        world.Proxy.Target = deployment.Server.Endpoints[0];
        await ReturnAsync(world);
    }

    private async Task ReturnAsync(FaultWorld world)
    {
        await world.ReturnAsync();
        output.WriteLine($"longest call {world.LongestCall.TotalSeconds:0.00} s, server used again by all after {world.LongestReturn.TotalSeconds:0.00} s ({world.SlowestToReturn})");
    }

    /// <summary>A fact about signals, which not every system has.</summary>
    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute()
        {
            if (OperatingSystem.IsWindows()) Skip = "This system cannot stop a process by a signal.";
        }
    }
}
