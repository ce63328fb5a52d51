using SplitInfer.Protocol;
using SplitInfer.Testing.Faults;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>Bytes that change, vanish or come twice on the way, under each of the client's modes.</summary>
public class DamageFaultTests(FaultRuns runs, ITestOutputHelper output) : IClassFixture<FaultRuns>
{
    // The checksums of payload and header lie behind the lengths.
    private const int PayloadChecksumAt = 24, HeaderChecksumAt = 28;

    internal static readonly Dictionary<string, FaultScene> Scenes = new()
    {
        ["bit of the fixed header of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Fixed, 9), bit: 1)),
        ["bit of the lengths of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Fixed, 20), bit: 2)),
        ["bit of the protobuf header of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Header, 1), bit: 3)),
        ["bit of the payload of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 7), bit: 7)),
        ["bit of the payload's checksum of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Fixed, PayloadChecksumAt))),
        ["bit of the header's checksum of a request"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Fixed, HeaderChecksumAt))),
        ["bit of the fixed header of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Fixed, 9), bit: 1)),
        ["bit of the lengths of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Fixed, 20), bit: 2)),
        ["bit of the protobuf header of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Header, 1), bit: 3)),
        ["bit of the payload of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 7), bit: 7)),
        ["bit of the payload's checksum of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Fixed, PayloadChecksumAt))),
        ["bit of the header's checksum of a reply"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Response, FramePart.Fixed, HeaderChecksumAt))),
        ["bit of the welcome"] = Down(Fault.Flip(FaultPoint.Frame(FrameType.Welcome, FramePart.Header, 1), bit: 2)),
        ["bit of the opening of the model"] = Up(Fault.Flip(FaultPoint.Frame(FrameType.OpenModel, FramePart.Header, 5), bit: 2)),
        ["bytes of a request left out"] = Up(Fault.Drop(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 100), 50)),
        ["bytes of a reply left out"] = Down(Fault.Drop(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100), 50)),
        ["bytes of a reply twice"] = Down(Fault.Duplicate(FaultPoint.Frame(FrameType.Response, FramePart.Payload, 100), 50)),
        ["welcome twice"] = Down(Fault.Duplicate(FaultPoint.Byte(0), FrameHeader.Size + 1)),
        ["something else than a server"] = Down(Fault.Flip(FaultPoint.Byte(0), bit: 5)),
    };

    public static TheoryData<string> Names => [.. Scenes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Every_call_is_right_and_the_server_is_used_again(string fault) => runs.CheckAsync(fault, Scenes, output);

    private static FaultScene Up(Fault fault) => At(new() { Up = [fault] });

    private static FaultScene Down(Fault fault) => At(new() { Down = [fault] });

    private static FaultScene At(ConnectionScript script) => new(w =>
    {
        w.Proxy.Script = _ => script;
        w.Proxy.ForEach(static c => c.Reset());
        return Task.CompletedTask;
    }, static w =>
    {
        w.Proxy.Script = static _ => ConnectionScript.Clean;
        return Task.CompletedTask;
    });
}
