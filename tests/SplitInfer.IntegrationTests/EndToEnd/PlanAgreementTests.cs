using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Both ends make the same plan whatever inputs they have, and say where plans differ if they do.</summary>
public class PlanAgreementTests
{
    [Fact]
    public async Task Samples_at_either_end_change_nothing_that_both_agree_on()
    {
        using TensorValue x = TensorValue.From<float>([1, 2, 3, 4, 5, 6], 2, 3), shape = TensorValue.From<long>([3, 2]);
        var samples = new Dictionary<string, TensorValue> { ["x"] = x, ["shape"] = shape };
        foreach (var (atClient, atServer) in new[] { (true, false), (false, true), (true, true) })
        {
            using var folder = new TestFolder();
            var path = folder["demo/1/model.onnx"];
            await File.WriteAllBytesAsync(path, Model());
            if (atServer)
                foreach (var (name, tensor) in samples) NpyFile.Write(folder[$"demo/1/inputs/{name}.npy"], tensor);
            await using var server = await Server.SplitInferServer.StartAsync(new() { ModelsDirectory = folder.Path, Listen = { new Uri("tcp://127.0.0.1:0") } });
            var options = new Client.SplitInferenceOptions { ModelPath = path, Server = server.Endpoints[0], Policy = PolicyNames.AllOnDevice };
            if (atClient) options.Plan.SampleInputs = samples;
            await using var client = await Client.SplitInferenceClient.CreateAsync(options);

            foreach (var partition in client.Plan.Partitions.SkipLast(1))
            {
                using var result = await client.InferAsync(samples, new() { Partition = partition.Index });
                Assert.NotEqual(Client.InferenceSource.Device, result.Source);
                Assert.Equal(new TensorShape(3, 2), result.Outputs[0].Shape);
            }
        }
    }

    [Fact]
    public async Task A_disagreement_names_the_first_cut_that_differs_and_what_crosses_at_both_ends()
    {
        await using var deployment = await Deployment.StartAsync(WithDefault());
        await using var client = await deployment.ConnectAsync(static o =>
        {
            o.Policy = PolicyNames.AllOnDevice;
            o.Plan.FedInitializers = new HashSet<string> { "scale" };
        });
        using var x = TensorValue.From<float>([1, 2]);

        var refusal = await Assert.ThrowsAsync<TailRefusedException>(async () => await client.InferAsync(new Dictionary<string, TensorValue> { ["x"] = x }, new() { Partition = 1 }));

        Assert.Equal((RefusalCode.PlanMismatch, 0), (refusal.Code, refusal.DifferingPartition));
        Assert.Contains("differ first at partition 0 of 2, which at the server passes x float32 2.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("At this end partition 0 passes x float32 2, scale float32 1.", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("FedInitializers", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_initializer_that_both_ends_name_is_fed_or_left_as_the_file_has_it()
    {
        var fed = new HashSet<string> { "scale" };
        await using var deployment = await Deployment.StartAsync(WithDefault(), o => o.Plan.FedInitializers = fed);
        await using var client = await deployment.ConnectAsync(o => o.Plan.FedInitializers = fed);
        using TensorValue x = TensorValue.From<float>([1, 2]), scale = TensorValue.From<float>([10], 1);
        for (var k = 0; k < client.Plan.Partitions.Length; k++)
        {
            using var given = await client.InferAsync(new Dictionary<string, TensorValue> { ["x"] = x, ["scale"] = scale }, new() { Partition = k });
            using var left = await client.InferAsync(new Dictionary<string, TensorValue> { ["x"] = x }, new() { Partition = k });

            Assert.Equal([10, 20], given.Outputs[0].Span<float>());
            Assert.Equal([3, 6], left.Outputs[0].Span<float>());
        }
    }

    [Fact]
    public async Task An_initializer_that_nobody_named_cannot_be_fed_and_the_message_says_how_it_can()
    {
        await using var deployment = await Deployment.StartAsync(WithDefault());
        await using var client = await deployment.ConnectAsync();
        using TensorValue x = TensorValue.From<float>([1, 2]), scale = TensorValue.From<float>([10], 1);

        var error = await Assert.ThrowsAsync<TensorMismatchException>(async () => await client.InferAsync(new Dictionary<string, TensorValue> { ["x"] = x, ["scale"] = scale }));

        Assert.Contains("FedInitializers", error.Message, StringComparison.Ordinal);
    }

    /// <summary>x reshaped to a shape that is an input itself, of a length that the file leaves open.</summary>
    private static byte[] Model()
    {
        var g = new GraphBuilder();
        g.Output(g.Tanh(g.Node("Reshape", [g.Relu(g.Input("x", ElementType.Float32, 2, 3)), g.Input("shape", ElementType.Int64, "rank")])), "y");
        return g.ToBytes();
    }

    /// <summary>x times a scale, which is 3 unless it is fed.</summary>
    private static byte[] WithDefault()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Input("x", ElementType.Float32, 2));
        var scale = g.Input("scale", ElementType.Float32, 1);
        g.Initializer(TensorValue.From<float>([3], 1), "scale");
        g.Output(g.Mul(x, scale), "y");
        return g.ToBytes();
    }
}
