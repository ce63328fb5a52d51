using System.Runtime.InteropServices;
using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Wire;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>What a hostile, a broken or a newer server may answer, under each of the client's modes.</summary>
public class ReplyFaultTests(SharedDeployment shared, ITestOutputHelper output) : IClassFixture<SharedDeployment>
{
    private const string StillAlive = ", and answers pings";

    private static readonly Dictionary<string, Func<ReceivedFrame, int, byte[]>> Replies = new()
    {
        ["sizes too large"] = static (request, bytes) => Response(request, new() { SymbolSizes = { long.MaxValue, long.MaxValue } }, new byte[bytes]),
        ["negative sizes"] = static (request, bytes) => Response(request, new() { SymbolSizes = { -1 } }, new byte[bytes]),
        ["more bytes than due"] = static (request, bytes) => Response(request, new(), new byte[bytes + 4]),
        ["no bytes"] = static (request, _) => Response(request, new(), []),
        ["codec that was not agreed on"] = static (request, bytes) => Response(request, new() { Codec = uint.MaxValue }, new byte[bytes]),
        ["times that cannot be"] = static (request, _) => Response(request, new() { QueueUs = ulong.MaxValue, RunUs = ulong.MaxValue, Load = new() { Running = uint.MaxValue, WaitUs = ulong.MaxValue } }, new byte[3]),
        ["numbers that are none"] = static (request, bytes) => Response(request, new(), Floats(float.NaN, bytes)),
        ["infinite numbers"] = static (request, bytes) => Response(request, new(), Floats(float.NegativeInfinity, bytes)),
        ["refusal of the connection, unasked"] = static (_, _) => WirePeer.Frame(FrameType.Error, 0, new ErrorHeader { Code = 99, Message = "Go." }),
        ["refusal of a request that was not made"] = static (request, _) => WirePeer.Frame(FrameType.Error, request.Header.RequestId + 7, new ErrorHeader { Code = 1 }),
        ["refusal of an unknown kind"] = static (request, _) => Refusal(request, (RefusalCode)4711),
        ["refusal without a message"] = static (request, _) => WirePeer.Frame(FrameType.Error, request.Header.RequestId, new ErrorHeader()),
        ["withdrawn by the server"] = static (request, _) => Refusal(request, RefusalCode.Cancelled),
        ["deadline exceeded, says the server"] = static (request, _) => Refusal(request, RefusalCode.DeadlineExceeded),
        ["model closed, again and again"] = static (request, _) => Refusal(request, RefusalCode.ModelClosed),
        ["no such partition"] = static (request, _) => Refusal(request, RefusalCode.InvalidPartition),
        ["codec not allowed"] = static (request, _) => Refusal(request, RefusalCode.CodecNotAllowed),
        ["shutting down, again and again"] = static (request, _) => Refusal(request, RefusalCode.ShuttingDown),
        ["busy for a month"] = static (request, _) => WirePeer.Frame(FrameType.Error, request.Header.RequestId, new ErrorHeader { Code = (uint)RefusalCode.Busy, RetryAfterMs = uint.MaxValue }),
        ["goes away" + StillAlive] = static (_, _) => WirePeer.Frame(FrameType.GoAway, 0, new GoAway()),
        ["a frame of an unknown type"] = static (request, _) => UnknownFrame(request),
        ["nothing" + StillAlive] = static (_, _) => [],
    };

    public static TheoryData<string> Names => [.. Replies.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_device_finishes_every_call(string reply)
    {
        var deployment = shared.Deployment;
        // A server that lives, and says so, may take as long as it likes: without a deadline or a race only its reply ends the wait.
        var modes = ClientMode.All.Where(mode => !reply.EndsWith(StillAlive, StringComparison.Ordinal) || (mode.Learns && mode.Races));
        await using var world = await FaultWorld.StartAsync(deployment, modes: modes);
        var bytes = 0;
        await world.ForEachAsync((_, client) =>
        {
            bytes = (int)client.Plan.Partitions[1].TailOutputs.Sum(static o => o.Type.ByteSize(o.Shape.ElementCount));
            return Task.CompletedTask;
        });
        await using var server = new ReplyServer(request => Replies[reply](request, bytes));
        world.Proxy.Target = server.Address;
        world.Proxy.ForEach(static connection => connection.Reset());
        await world.InferUntilAsync(() => server.Requests >= world.Clients);
        await world.InferAsync(calls: 2);
        output.WriteLine($"longest call {world.LongestCall.TotalSeconds:0.00} s");
    }

    [Fact]
    public async Task Outputs_that_are_not_finite_may_be_accepted_and_are_marked()
    {
        var deployment = shared.Deployment;
        await using var server = new ReplyServer(request => Response(request, new(), Floats(float.NaN, OutputBytes(deployment))));
        foreach (var choice in Enum.GetValues<NonFiniteOutputs>())
        {
            await using var client = await deployment.ConnectAsync(options => (options.Server, options.Partition, options.NonFiniteOutputs) = (server.Address, 1, choice));
            using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
            using var result = await client.InferAsync(input);
            var isAccepted = choice == NonFiniteOutputs.Accept;
            Assert.Equal((isAccepted, isAccepted ? InferenceSource.Split : InferenceSource.Device), (result.HasNonFiniteOutputs, result.Source));
            Assert.Equal(isAccepted, result.ServerFailure is null);
        }
    }

    private static int OutputBytes(Deployment deployment)
    {
        var plan = SplitInfer.Partitioning.PartitionedModel.Load(deployment.Model, new(), new()).Plan;
        return (int)plan.Partitions[1].TailOutputs.Sum(static o => o.Type.ByteSize(o.Shape.ElementCount));
    }

    private static byte[] Floats(float value, int bytes) => MemoryMarshal.AsBytes(Enumerable.Repeat(value, bytes / sizeof(float)).ToArray().AsSpan()).ToArray();

    private static byte[] Response(ReceivedFrame request, ResponseHeader header, byte[] payload)
    {
        List<byte> frames = [];
        for (var at = 0; at < Math.Max(1, payload.Length); at += FrameHeader.MaxPayloadLength)
        {
            var end = Math.Min(payload.Length, at + FrameHeader.MaxPayloadLength);
            frames.AddRange(WirePeer.Frame(at == 0 ? FrameType.Response : FrameType.Data, request.Header.RequestId, at == 0 ? header : null, payload.AsSpan(at, end - at), end == payload.Length));
        }

        return [.. frames];
    }

    private static byte[] Refusal(ReceivedFrame request, RefusalCode code) => WirePeer.Frame(FrameType.Error, request.Header.RequestId, new ErrorHeader { Code = (uint)code, Message = "No." });

    private static byte[] UnknownFrame(ReceivedFrame request)
    {
        var frame = new byte[FrameHeader.Size];
        new FrameHeader((FrameType)200, EndOfMessage: true, request.Header.RequestId, 0, 0, 0).Write(frame);
        return frame;
    }
}
