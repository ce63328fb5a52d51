using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Faults;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>The first connection ends at each boundary of each frame, and a byte before and behind it. The next ones are good.</summary>
public class FrameBoundaryTests(SharedDeployment shared) : IClassFixture<SharedDeployment>
{
    private const int AtATime = 4;

    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    private static readonly (FramePart Part, long Offset)[] Places =
    [
        (FramePart.Fixed, 0), (FramePart.Fixed, 1), (FramePart.Header, -1), (FramePart.Header, 0), (FramePart.Header, 1),
        (FramePart.Payload, -1), (FramePart.Payload, 0), (FramePart.Payload, 1), (FramePart.End, -1), (FramePart.End, 0),
    ];

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var type in (FrameType[])[FrameType.Hello, FrameType.Welcome, FrameType.OpenModel, FrameType.ModelOpened, FrameType.Request, FrameType.Response])
                foreach (var isReset in (bool[])[true, false]) all.Add(type.ToString(), isReset);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_connection_that_ends_there_costs_no_call(string frame, bool isReset)
    {
        var type = Enum.Parse<FrameType>(frame);
        var isUp = type is FrameType.Hello or FrameType.OpenModel or FrameType.Request;
        var deployment = shared.Deployment;
        var model = PartitionedModel.Load(deployment.Model, new(), new() { IntraOpThreads = 1 });
        using var input = RandomTensor.Normal(new Random(1), model.Plan.Inputs[0].Type, model.Plan.Inputs[0].Shape.Dimensions);
        using var expected = await InferAsync(null, index: 0);
        using var places = new SemaphoreSlim(AtATime);
        await Task.WhenAll(Places.Select(async (place, index) =>
        {
            await places.WaitAsync();
            try
            {
                var at = FaultPoint.Frame(type, place.Part, place.Offset);
                var fault = isReset ? Fault.Reset(at) : Fault.Close(at);
                await using var proxy = FaultProxy.Start(deployment.Server.Endpoints[0]);
                proxy.Script = connection => connection > 0 ? ConnectionScript.Clean : isUp ? new() { Up = [fault] } : new() { Down = [fault] };
                using var result = await InferAsync(proxy.Address, index);
                Assert.True(TensorDifference.Between(expected.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"Another result after an end at {place}.");
                Assert.True(proxy.Fired > 0, $"The connection did not end at {place}.");
            }
            finally
            {
                places.Release();
            }
        }));

        async Task<InferenceResult> InferAsync(Uri? server, int index)
        {
            var options = new SplitInferenceOptions { Server = server, Races = index % 2 == 0, Partition = server is null ? model.Plan.AllOnDevice.Index : 1 };
            await using var client = await SplitInferenceClient.CreateAsync(options, model);
            return await client.InferAsync(input).AsTask().WaitAsync(FailureLimit);
        }
    }
}
