using SplitInfer.Client;
using SplitInfer.Client.Attempts;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A boundary that is not finite though the inputs are: it is told, and the device finishes the request.</summary>
public class NonFiniteBoundaryTests
{
    [Theory]
    [InlineData(PolicyNames.Fixed)]
    [InlineData(PolicyNames.MuLinUcb)]
    public async Task The_device_finishes_and_says_so(string policy)
    {
        await using var deployment = await Deployment.StartAsync(Model());
        await using var client = await deployment.ConnectAsync(o => (o.Policy, o.Partition) = (policy, policy == PolicyNames.Fixed ? 1 : null));
        using var x = TensorValue.From<float>([1, 1000]);

        using var result = await client.InferAsync(x, policy == PolicyNames.Fixed ? null : new() { Partition = 1 });

        var loss = Assert.IsType<NonFiniteBoundaryException>(result.ServerFailure);
        Assert.Equal((1, "Exp_0_out"), (loss.Partition, loss.Value));
        Assert.Equal(InferenceSource.Device, result.Source);
        Assert.Equal(0, result.BytesSent);
        Assert.Equal([MathF.Exp(-1), 0], result.Outputs[0].Span<float>().ToArray(), static (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public async Task Finite_boundaries_and_inputs_that_are_not_finite_go_to_the_server()
    {
        await using var deployment = await Deployment.StartAsync(Model());
        await using var client = await deployment.ConnectAsync();
        foreach (float[] values in (float[][])[[1, 2], [1, float.PositiveInfinity], [float.NaN, 1]])
        {
            using var x = TensorValue.From<float>(values);
            using var result = await client.InferAsync(x, new() { Partition = 1 });
            Assert.Null(result.ServerFailure);
            Assert.Equal(InferenceSource.Split, result.Source);
        }
    }

    private static byte[] Model()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Reciprocal", [g.Node("Exp", [g.Input("x", ElementType.Float32, 2)])]), "y");
        return g.ToBytes();
    }
}
