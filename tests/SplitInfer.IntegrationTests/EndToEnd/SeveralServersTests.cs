using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A client of two servers that serve the same model.</summary>
public class SeveralServersTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    [Fact]
    public async Task Every_arm_of_every_server_gives_the_same_result()
    {
        await using var edge = await Deployment.StartAsync(Model);
        await using var cloud = await Deployment.StartAsync(Model);
        EveryArm? policy = null;
        await using var client = await edge.ConnectAsync(options =>
        {
            (options.Server, options.CustomPolicy) = (null, setup => policy = new EveryArm(setup));
            options.Servers = [new() { Address = edge.Server.Endpoints[0], Name = "edge" }, new() { Address = cloud.Server.Endpoints[0] }];
        });
        string[] names = ["edge", NameOf(cloud)];
        Assert.Equal(names, policy!.Setup.Servers.Select(static server => server.Name));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });

        var seen = new HashSet<(int Partition, string Codec, string? Server)>();
        for (var request = 0; request < policy.Setup.Arms.Length; request++)
        {
            using var result = await client.InferAsync(input);
            Assert.Null(result.ServerFailure);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
            seen.Add((result.Partition.Index, result.Codec, result.Server));
        }

        Assert.Equal(policy.Setup.Arms.Length, seen.Count);
        Assert.Equal(names.Append(null).Order(), seen.Select(static arm => arm.Server).Distinct().Order());
        Assert.Equal(seen.Count(arm => arm.Server == names[0]), seen.Count(arm => arm.Server == names[1]));
    }

    [Fact]
    public async Task When_one_stops_the_other_goes_on()
    {
        await using var first = await Deployment.StartAsync(Model);
        await using var second = await Deployment.StartAsync(Model);
        await using var client = await first.ConnectAsync(options =>
        {
            (options.Server, options.Partition) = (null, 1);
            options.Servers = [new() { Address = first.Server.Endpoints[0] }, new() { Address = second.Server.Endpoints[0] }];
        });
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var healthy = await client.InferAsync(input);
        Assert.Equal((InferenceSource.Split, NameOf(first)), (healthy.Source, healthy.Server));

        await first.Server.DisposeAsync();
        InferenceResult? last = null;
        for (var request = 0; request < 3; request++)
        {
            last?.Dispose();
            last = await client.InferAsync(input);
            Assert.True(TensorDifference.Between(healthy.Outputs[0], last.Outputs[0]).IsWithin(1e-4));
        }

        using (last) Assert.Equal((InferenceSource.Split, NameOf(second)), (last!.Source, last.Server));
        Assert.Null(client.ServerFailure);
        Assert.Equal([(NameOf(first), false), (NameOf(second), true)], client.Servers.Select(static server => (server.Name, server.IsUsable)));
        Assert.NotNull(client.Servers[0].Failure);
    }

    /// <summary>Without the device no request is lost either: the one that meets the failure goes to the next server.</summary>
    [Fact]
    public async Task When_the_first_of_three_stops_not_even_one_request_fails()
    {
        await using var first = await Deployment.StartAsync(Model);
        await using var second = await Deployment.StartAsync(Model);
        await using var third = await Deployment.StartAsync(Model);
        await using var client = await first.ConnectAsync(options =>
        {
            (options.Server, options.Partition, options.OnServerFailure) = (null, 1, OnServerFailure.Throw);
            options.Servers = [.. new[] { first, second, third }.Select(static deployment => new ServerOptions { Address = deployment.Server.Endpoints[0] })];
        });
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var healthy = await client.InferAsync(input);
        foreach (var (stopped, next) in new[] { (first, second), (second, third) })
        {
            await stopped.Server.DisposeAsync();
            using var result = await client.InferAsync(input);
            Assert.Equal((InferenceSource.Split, NameOf(next)), (result.Source, result.Server));
            Assert.True(TensorDifference.Between(healthy.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
        }

        await third.Server.DisposeAsync();
        await Assert.ThrowsAsync<ServerUnreachableException>(async () => await client.InferAsync(input));
    }

    [Theory]
    [InlineData("Servers[1].Address", "tcp://127.0.0.1:1", null)]
    [InlineData("Servers[1].Name", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1")]
    [InlineData("Servers[0].Address", "server/x", "tcp://127.0.0.1:1", UriKind.Relative)]
    public async Task Servers_that_cannot_be_told_apart_or_reached_are_refused_by_the_options_name(string option, string first, string? second, UriKind kind = UriKind.Absolute)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await deployment.ConnectAsync(options =>
        {
            options.Server = null;
            options.Servers = [new() { Address = new(first, kind) }, new() { Address = second is null ? null : new(second) }];
        }));
        Assert.Equal(option, error.ParamName);
    }

    [Fact]
    public async Task One_server_is_given_in_one_way()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await deployment.ConnectAsync(options => options.Servers = [new() { Address = options.Server }]));
        Assert.Equal(nameof(SplitInferenceOptions.Server), error.ParamName);
    }

    private static string NameOf(Deployment deployment) => deployment.Server.Endpoints[0].ToString().TrimEnd('/');

    /// <summary>Takes one arm after the other.</summary>
    private sealed class EveryArm(PolicySetup setup) : IPartitionPolicy
    {
        private int _next = -1;

        public string Name => nameof(EveryArm);

        public PolicySetup Setup => setup;

        // No round trips, so that no server is avoided before it has answered.
        public PolicyNeeds Needs => PolicyNeeds.Outcomes;

        public Decision Decide(in DecisionContext context) => new() { Arm = setup.Arms[Interlocked.Increment(ref _next) % setup.Arms.Length].Arm };

        public void Observe(in Outcome outcome)
        {
        }
    }
}
