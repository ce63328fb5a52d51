using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Policies;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>A device that becomes many times slower under a client that has learned that it is best. What the client learns are times, so this takes a machine that does nothing else.</summary>
[Trait("Category", "Timed")]
public class SlowedDeviceTests(ITestOutputHelper output)
{
    private const int Before = 100, After = 100, MostOnDevice = 20;
    private const double Slowdown = 40;

    [TimedTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_client_goes_over_to_the_server(bool races)
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 16).ToBytes());
        EmulatedDevice device = null!;
        await using var client = await deployment.ConnectAsync(options =>
        {
            (options.Policy, options.Races) = (PolicyNames.MuLinUcb, races);
            device = options.EmulateDevice(slowdown: 1);
        });
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        var (onDeviceBefore, _) = await InferAsync(client, input, Before);
        device.Slowdown = Slowdown;
        var (onDeviceAfter, last) = await InferAsync(client, input, After);
        output.WriteLine($"{onDeviceBefore} of {Before} on the device before, {onDeviceAfter} of {After} after, the last of them {last}");
        Assert.InRange(onDeviceAfter, 0, MostOnDevice);
    }

    private static async Task<(int OnDevice, int Last)> InferAsync(SplitInferenceClient client, Tensors.TensorValue input, int requests)
    {
        var (onDevice, last) = (0, 0);
        for (var request = 1; request <= requests; request++)
        {
            using var result = await client.InferAsync(input);
            if (result.Source == InferenceSource.Device) (onDevice, last) = (onDevice + 1, request);
        }

        return (onDevice, last);
    }
}
