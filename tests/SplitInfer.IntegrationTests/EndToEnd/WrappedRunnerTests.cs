using SplitInfer.Policies;
using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing.Networks;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Runners of the user's own around those of the segments.</summary>
public sealed class WrappedRunnerTests
{
    [Fact]
    public async Task Every_run_on_the_device_goes_through_the_users_runner_which_is_disposed_with_the_client()
    {
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All["resnet18"]().ToBytes());
        var runners = new List<CountingRunner>();
        await using (var client = await deployment.ConnectAsync(options =>
        {
            // A policy that learns would run heads on its own account, to time them.
            options.Policy = PolicyNames.AllOnServer;
            options.Execution.WrapRunner = inner =>
            {
                runners.Add(new(inner));
                return runners[^1];
            };
        }))
        {
            using var input = RandomTensor.Normal(new Random(5), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
            foreach (var arm in client.Plan.Arms) (await client.InferAsync(input, new() { Partition = arm.Index })).Dispose();
            Assert.Equal(client.Plan.Arms.Length - 1, runners.Count); // partition 0 has no head
            Assert.All(runners, static runner => Assert.Equal((1, 0), (runner.Runs, runner.Disposals)));
        }

        Assert.All(runners, static runner => Assert.Equal(1, runner.Disposals));
    }

    private sealed class CountingRunner(ISegmentRunner inner) : ISegmentRunner
    {
        public int Runs { get; private set; }

        public int Disposals { get; private set; }

        public IReadOnlyList<TensorSpec> Inputs => inner.Inputs;

        public IReadOnlyList<TensorSpec> Outputs => inner.Outputs;

        public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            Runs++;
            return inner.RunAsync(inputs, outputs, cancellationToken);
        }

        public void Dispose()
        {
            Disposals++;
            inner.Dispose();
        }
    }
}
