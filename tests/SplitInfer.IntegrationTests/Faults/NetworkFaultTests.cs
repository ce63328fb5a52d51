using SplitInfer.Protocol;
using SplitInfer.Testing.Faults;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>What networks do, under each of the client's modes: every call gives the right result, and the server is used again.</summary>
public class NetworkFaultTests(FaultRuns runs, ITestOutputHelper output) : IClassFixture<FaultRuns>
{
    internal static readonly Dictionary<string, FaultScene> Scenes = new()
    {
        ["connections refused"] = new(static w =>
        {
            w.Proxy.Refuse();
            w.Proxy.ForEach(static c => c.Reset());
            return Task.CompletedTask;
        }, static w => w.Proxy.ResumeAsync()) { HasFired = static w => w.IsFailureKnown },
        ["backlog full"] = new(static async w =>
        {
            await w.Proxy.FillBacklogAsync();
            w.Proxy.ForEach(static c => c.Reset());
        }, static w => w.Proxy.ResumeAsync()) { HasFired = static w => w.IsFailureKnown && w.Proxy.AreBacklogsFull },
        ["accepted and never answered"] = At(ConnectionScript.BlackHole),
        ["reset at connect"] = At(new() { AtConnect = ConnectFault.Reset }),
        ["closed at connect"] = At(new() { AtConnect = ConnectFault.Close }),
        ["connection lost once, by a reset"] = Once(static c => c.Reset()),
        ["connection lost once, in order"] = Once(static c => c.End()),
        ["silent while new connections work"] = Silent(static c => c.FallSilent()),
        ["silent towards the server while new connections work"] = Silent(static c => c.SilenceUp()),
        ["silent towards the client while new connections work"] = Silent(static c => c.SilenceDown()),
        ["silent, and new connections as well"] = new(static w =>
        {
            w.Proxy.ForEach(static c => c.FallSilent());
            w.Proxy.Script = static _ => ConnectionScript.BlackHole;
            return Task.CompletedTask;
        }, Heal),
        ["silent after the welcome"] = Down(Fault.Silence(FaultPoint.Frame(FrameType.Welcome, FramePart.End))),
        ["silent after the request has come"] = Up(Fault.Silence(FaultPoint.Frame(FrameType.Request, FramePart.End))),
        ["silent in the middle of a request"] = Up(Fault.Silence(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100))),
        ["silent in the middle of a reply"] = Down(Fault.Silence(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100))),
        ["one way silent in the middle of a reply"] = Down(Fault.SilenceOneWay(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100))),
        ["reset in the middle of a request"] = Up(Fault.Reset(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100))),
        ["reset in the middle of a reply"] = Down(Fault.Reset(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100))),
        ["closed in the middle of a reply"] = Down(Fault.Close(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100))),
        ["short stall in the middle of a reply"] = Down(Fault.Stall(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100), TimeSpan.FromSeconds(0.2))),
        ["long stall in the middle of a reply"] = Down(Fault.Stall(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100), TimeSpan.FromSeconds(3))),
        ["long stall of the welcome"] = Down(Fault.Stall(FaultPoint.Byte(0), TimeSpan.FromSeconds(3))),
        ["a few bytes at a time"] = At(new() { DribbleBytes = 300, DribblePause = TimeSpan.FromMilliseconds(1) }) with { End = HealAll },
        ["reset over a unix socket"] = Once(static c => c.Reset()) with { Scheme = "unix" },
        ["silent unix socket"] = Silent(static c => c.FallSilent()) with { Scheme = "unix" },
        ["reset over a WebSocket"] = Once(static c => c.Reset()) with { Scheme = "ws" },
        ["closed over a WebSocket without goodbye"] = Once(static c => c.End()) with { Scheme = "ws" },
        ["silent WebSocket"] = Silent(static c => c.FallSilent()) with { Scheme = "ws" },
        ["WebSocket silent towards the client"] = Silent(static c => c.SilenceDown()) with { Scheme = "ws" },
        ["WebSocket accepted and never answered"] = At(ConnectionScript.BlackHole) with { Scheme = "ws" },
        ["WebSocket closed at connect"] = At(new() { AtConnect = ConnectFault.Close }) with { Scheme = "ws" },
        ["WebSocket reset in the answer to the upgrade"] = Down(Fault.Reset(FaultPoint.Byte(20))) with { Scheme = "ws" },
        ["WebSocket reset in the middle of a request"] = Up(Fault.Reset(FaultPoint.Byte(3000))) with { Scheme = "ws" },
        ["WebSocket silent in the middle of a request"] = Up(Fault.Silence(FaultPoint.Byte(3000))) with { Scheme = "ws" },
        ["bit flipped in a WebSocket"] = Up(Fault.Flip(FaultPoint.Byte(3000))) with { Scheme = "ws" },
        ["refused over a unix socket"] = new(static w =>
        {
            w.Proxy.Refuse();
            w.Proxy.ForEach(static c => c.Reset());
            return Task.CompletedTask;
        }, static w => w.Proxy.ResumeAsync())
        { Scheme = "unix", HasFired = static w => w.IsFailureKnown },
    };

    public static TheoryData<string> Names => [.. Scenes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Every_call_is_right_and_the_server_is_used_again(string fault) => runs.CheckAsync(fault, Scenes, output);

    private static FaultScene At(ConnectionScript script) => new(w =>
    {
        w.Proxy.Script = _ => script;
        w.Proxy.ForEach(static c => c.Reset());
        return Task.CompletedTask;
    }, Heal);

    private static FaultScene Up(Fault fault) => At(new() { Up = [fault] });

    private static FaultScene Down(Fault fault) => At(new() { Down = [fault] });

    private static FaultScene Once(Action<FaultConnection> fault) => new(w =>
    {
        w.Proxy.Inflict(fault);
        return Task.CompletedTask;
    });

    /// <summary>Has come about once a byte was thrown away.</summary>
    private static FaultScene Silent(Action<FaultConnection> fault) => new(w =>
    {
        w.Proxy.ForEach(fault);
        return Task.CompletedTask;
    });

    /// <summary>Connections that are as slow as before would stay so.</summary>
    private static Task HealAll(FaultWorld world)
    {
        world.Proxy.Script = static _ => ConnectionScript.Clean;
        world.Proxy.ForEach(static c => c.Reset());
        return Task.CompletedTask;
    }

    private static Task Heal(FaultWorld world)
    {
        world.Proxy.Script = static _ => ConnectionScript.Clean;
        return Task.CompletedTask;
    }
}
