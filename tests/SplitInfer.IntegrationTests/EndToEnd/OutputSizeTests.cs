using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Outputs that are larger than the client accepts: of one request they say nothing of the next.</summary>
public class OutputSizeTests
{
    private const int Limit = 1000;

    private const string Learning = nameof(OnServer);

    [Theory]
    [InlineData(PolicyNames.Fixed)]
    [InlineData(PolicyNames.AllOnServer)]
    [InlineData(Learning)]
    public async Task A_request_that_is_too_large_keeps_no_other_from_the_server(string policy)
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Relu(g.Input("x", ElementType.Float32, "n"))), "y");
        await using var deployment = await Deployment.StartAsync(g.ToBytes());
        await using var client = await deployment.ConnectAsync(options =>
        {
            (options.Policy, options.Races, options.Transport.OutputSizes) = (policy, false, new SizeLimits { MaxBytes = Limit });
            if (policy == PolicyNames.Fixed) options.Partition = 0;
            if (policy != Learning) return;
            options.Policy = null;
            options.CustomPolicy = static setup => new OnServer(setup);
        });
        await ServedAsync(client, 10);
        using (var large = await InferAsync(client, Limit))
        {
            Assert.Equal(InferenceSource.Device, large.Source);
            Assert.IsType<SizeLimitException>(large.ServerFailure);
        }

        using var small = await InferAsync(client, 10);
        Assert.NotEqual(InferenceSource.Device, small.Source);
    }

    private static async Task ServedAsync(SplitInferenceClient client, int numbers)
    {
        for (var attempt = 0; attempt < 1500; attempt++)
        {
            using var result = await InferAsync(client, numbers);
            if (result.Source != InferenceSource.Device) return;
            await Task.Delay(20);
        }

        Assert.Fail("The server did not answer within 30 s.");
    }

    private static async Task<InferenceResult> InferAsync(SplitInferenceClient client, int numbers)
    {
        using var x = TensorValue.From<float>([.. Enumerable.Repeat(1f, numbers)], numbers);
        return await client.InferAsync(x);
    }

    /// <summary>Learns, so that what is masked is kept from it, and takes the server where it can.</summary>
    private sealed class OnServer(PolicySetup setup) : IPartitionPolicy
    {
        public string Name => nameof(OnServer);

        public PolicyNeeds Needs => PolicyNeeds.Outcomes;

        public Decision Decide(in DecisionContext context) => new() { Arm = setup.Arms.First(static arm => !arm.Arm.IsOnDevice).Arm };

        public void Observe(in Outcome outcome)
        {
        }
    }
}
