using System.Diagnostics;
using SplitInfer.Protocol;
using SplitInfer.Testing.Faults;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A caller that gives up at some stage of its request: the call ends at once, and the next ones are right and use the server.</summary>
public class CancellationFaultTests(SharedDeployment shared) : IClassFixture<SharedDeployment>
{
    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    /// <summary>Where the request is when its caller gives up.</summary>
    private static readonly Dictionary<string, (bool IsUp, FaultPoint At)> Stages = new()
    {
        ["greeting"] = (true, FaultPoint.Byte(0)),
        ["waiting for the welcome"] = (false, FaultPoint.Byte(0)),
        ["opening the model"] = (true, FaultPoint.Frame(FrameType.OpenModel)),
        ["waiting for the model"] = (false, FaultPoint.Frame(FrameType.ModelOpened)),
        ["sending"] = (true, FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100)),
        ["sent"] = (true, FaultPoint.Frame(FrameType.Request, FramePart.End)),
        ["reply has begun"] = (false, FaultPoint.Frame(FrameType.Response)),
        ["receiving"] = (false, FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100)),
        ["received"] = (false, FaultPoint.Frame(FrameType.Response, FramePart.End)),
    };

    public static TheoryData<string> Names => [.. Stages.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_call_ends_and_the_next_is_right(string stage)
    {
        // In a race, or with a late reply, the device may be first.
        await using var world = await FaultWorld.StartAsync(shared.Deployment, modes: ClientMode.All.Where(static mode => !mode.Learns));
        using var callers = new CancellationTokenSource();
        var (isUp, at) = Stages[stage];
        var fault = Fault.Do(at, () =>
        {
            callers.Cancel();
            // Nothing more comes before the caller has found out.
            return Task.Delay(TimeSpan.FromSeconds(0.05));
        });
        world.Proxy.Script = _ => isUp ? new() { Up = [fault] } : new() { Down = [fault] };
        world.Proxy.ForEach(static connection => connection.Reset());
        // The clients may need a moment to connect again, and one may be done when another meets the fault.
        await world.ForEachAsync(async (mode, client) =>
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                while (!callers.IsCancellationRequested)
                {
                    if (Stopwatch.GetElapsedTime(began) > FailureLimit) throw new TimeoutException($"{mode}: no request came as far as '{stage}'.");
                    await world.InferOnceAsync(mode, client, callers.Token);
                }
            }
            catch (OperationCanceledException canceled)
            {
                Assert.Equal(callers.Token, canceled.CancellationToken);
            }
        });
        Assert.True(callers.IsCancellationRequested);

        world.Proxy.Script = static _ => ConnectionScript.Clean;
        await world.ReturnAsync();
    }
}
