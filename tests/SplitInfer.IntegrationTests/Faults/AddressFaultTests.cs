using SplitInfer.Client;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>Addresses at which there never is a server.</summary>
public class AddressFaultTests
{
    [Theory]
    [InlineData("tcp://no-such-host.invalid:7070")]
    [InlineData("tcp://127.0.0.1:1")]
    [InlineData("unix:///no/such/folder/server.sock")]
    public async Task The_device_does_it_all_and_says_why(string address)
    {
        await using var deployment = await FaultWorld.DeployAsync();
        foreach (var mode in ClientMode.All)
        {
            await using var client = await deployment.ConnectAsync(options =>
            {
                mode.Configure(options);
                options.Server = new(address);
            });
            using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
            using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
            for (var call = 0; call < 3; call++)
            {
                using var result = await client.InferAsync(input);
                Assert.Equal(InferenceSource.Device, result.Source);
                Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (client.ServerFailure is null) await Task.Delay(10, limit.Token);
            Assert.Contains("No server can be reached", client.ServerFailure.Message, StringComparison.Ordinal);
        }
    }
}
