using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Testing.Faults;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>What networks do while exits and a server race: every call has an answer by its deadline, and it is the model's or that of the exit that it names.</summary>
public sealed class AnytimeFaultTests : IDisposable
{
    // Much less than a server is waited for, and enough for a device that is busy with other tests to come to its first exit.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, ConnectionScript> Scripts = new()
    {
        ["none"] = ConnectionScript.Clean,
        ["accepted and never answered"] = ConnectionScript.BlackHole,
        ["reset at connect"] = new() { AtConnect = ConnectFault.Reset },
        ["closed at connect"] = new() { AtConnect = ConnectFault.Close },
        ["silent after the request has come"] = new() { Up = [Fault.Silence(FaultPoint.Frame(FrameType.Request, FramePart.End))] },
        ["silent in the middle of a request"] = new() { Up = [Fault.Silence(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100))] },
        ["silent in the middle of a reply"] = new() { Down = [Fault.Silence(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 8))] },
        ["reset in the middle of a request"] = new() { Up = [Fault.Reset(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100))] },
        ["closed in the middle of a reply"] = new() { Down = [Fault.Close(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 8))] },
        ["bit flipped in a reply"] = new() { Down = [Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 8))] },
        ["long stall in the middle of a reply"] = new() { Down = [Fault.Stall(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 8), TimeSpan.FromSeconds(3))] },
    };

    private readonly UntaughtExits _exits = new();

    public static TheoryData<string> Names => [.. Scripts.Keys];

    public void Dispose() => _exits.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_call_has_a_right_answer_by_its_deadline(string fault)
    {
        var exits = _exits.At(threshold: 1, [.. _exits.Cuts]);
        var expected = Enumerable.Range(1, 3).Select(exit => _exits.Expected(exits, exit).Scores).Prepend(_exits.Own).ToArray();
        var serving = new SplitInferServerOptions { Listen = { new("tcp://127.0.0.1:0") }, Execution = { IntraOpThreads = 1 } };
        serving.Models.Add(new("resnet", "1", _exits.Model));
        await using var server = await SplitInferServer.StartAsync(serving);
        await using var proxies = new FaultProxies(server.Endpoints[0]);
        var address = proxies.Add().Address;
        await using var client = await SplitInferenceClient.CreateAsync(new()
        {
            ModelPath = _exits.Model.Source, Server = address, Partition = _exits.Cuts[0], Deadline = Deadline, Exits = _exits.Save("resnet.exits.json", exits), MaxExtraWork = 1,
            Transport = { ConnectTimeout = TimeSpan.FromSeconds(1), NoProgressTimeout = TimeSpan.FromSeconds(0.6), StallTimeout = TimeSpan.FromSeconds(0.6) }, Execution = { IntraOpThreads = 1 },
        });
        (await client.InferAsync(_exits.Inputs)).Dispose();
        proxies.Script = _ => Scripts[fault];
        proxies.ForEach(static connection => connection.Reset());
        for (var call = 0; call < 5; call++)
        {
            using var result = await client.InferAsync(_exits.Inputs);
            UntaughtExits.AssertSame(expected[result.Exit], result.Outputs[0]);
        }
    }
}
