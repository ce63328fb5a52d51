using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Models;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Models of which the device has no copy.</summary>
public class ServerOnlyTests
{
    public static TheoryData<string> Networks => [.. NetworkCatalog.All.Keys];

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task A_client_without_a_copy_gets_what_the_whole_model_gives(string network)
    {
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All[network]().ToBytes());
        await using var whole = await deployment.ConnectAsync(static options => options.Server = null);
        await using var client = await ConnectAsync(deployment);
        Assert.Equal(whole.Plan.Inputs.Select(static i => i.ToString()), client.Plan.Inputs.Select(static i => i.ToString()));
        Assert.Equal(whole.Plan.Outputs.Select(static o => o.ToString()), client.Plan.Outputs.Select(static o => o.ToString()));
        var inputs = Partitioning.PartitionedModel.Load(deployment.Model).MakeInputs(seed: 1).ToArray();
        using var expected = await whole.InferAsync(inputs);

        foreach (var request in new InferenceRequest?[] { null, new() { Partition = 0 } })
        {
            using var result = await client.InferAsync(inputs, request);
            Assert.Equal(InferenceSource.Server, result.Source);
            foreach (var (due, got) in expected.Outputs.Zip(result.Outputs)) Assert.True(TensorDifference.Between(due, got).IsWithin(1e-4));
        }

        foreach (var input in inputs) input.Dispose();
    }

    [Fact]
    public async Task An_unused_input_and_an_input_that_is_an_output_stay_on_the_device()
    {
        var g = new GraphBuilder();
        var (x, unused, passed) = (g.Input("x", ElementType.Float32, 2), g.Input("unused", ElementType.Float32, 3), g.Input("passed", ElementType.Int64, 1));
        g.Output(passed, "passed");
        g.Output(g.Relu(x), "y");
        _ = unused;
        await using var deployment = await Deployment.StartAsync(g.ToBytes());
        await using var client = await ConnectAsync(deployment);
        using var first = TensorValue.From<float>([-1, 2]);
        using var second = TensorValue.From<float>([1, 2, 3]);
        using var third = TensorValue.From<long>([7], 1);

        using var result = await client.InferAsync(new Dictionary<string, TensorValue> { ["x"] = first, ["unused"] = second, ["passed"] = third });

        Assert.Equal([7], result["passed"].Span<long>().ToArray());
        Assert.Equal([0, 2], result["y"].Span<float>().ToArray());
    }

    [Fact]
    public async Task Outputs_that_only_the_device_can_make_need_a_copy()
    {
        var g = new GraphBuilder();
        g.Output(g.Cast(g.Cast(g.Relu(g.Input("x", ElementType.Float32, 3)), ElementType.Int64), ElementType.Text), "words");
        await using var deployment = await Deployment.StartAsync(g.ToBytes());
        Assert.Contains("words", (await Assert.ThrowsAsync<ModelNotSupportedException>(() => ConnectAsync(deployment).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_the_server_does_not_have_is_refused()
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => ConnectAsync(deployment, static options => options.ModelName = "other").AsTask());
        Assert.Equal(RefusalCode.UnknownModel, refused.Code);
    }

    [Fact]
    public async Task Without_a_server_creation_and_requests_end_with_a_typed_error()
    {
        var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        await using var client = await ConnectAsync(deployment);
        using var input = InputOf(client);
        (await client.InferAsync(input)).Dispose();
        await deployment.DisposeAsync();

        await Assert.ThrowsAnyAsync<SplitInferException>(() => client.InferAsync(input).AsTask());
        await Assert.ThrowsAsync<ServerUnreachableException>(() => client.InferAsync(input).AsTask());
        await Assert.ThrowsAsync<ServerUnreachableException>(() => ConnectAsync(deployment).AsTask());
    }

    [Fact]
    public async Task Another_server_takes_the_place_of_one_that_stops()
    {
        var model = UNet.Build().ToBytes();
        await using var first = await Deployment.StartAsync(model);
        await using var second = await Deployment.StartAsync(model);
        await using var client = await ConnectAsync(first, options => (options.Server, options.Servers) = (null, [new() { Address = first.Server.Endpoints[0], Name = "first" }, new() { Address = second.Server.Endpoints[0], Name = "second" }]));
        using var input = InputOf(client);
        using (var before = await client.InferAsync(input)) Assert.Equal("first", before.Server);
        await first.Server.DisposeAsync();
        for (var request = 0; request < 3; request++)
        {
            using var after = await client.InferAsync(input);
            Assert.Equal("second", after.Server);
        }
    }

    [Fact]
    public async Task A_model_that_was_replaced_is_refused_with_what_to_do()
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        await using var client = await ConnectAsync(deployment);
        using var input = InputOf(client);
        (await client.InferAsync(input)).Dispose();
        var address = deployment.Server.Endpoints[0];
        await deployment.Server.DisposeAsync();

        await using var changed = await Deployment.StartAsync(UNet.Build(seed: 2).ToBytes(), options => (options.Listen[0]) = address);
        Exception? last = null;
        for (var attempt = 0; attempt < 100 && last is not TailRefusedException; attempt++)
        {
            last = await Assert.ThrowsAnyAsync<SplitInferException>(() => client.InferAsync(input).AsTask());
            await Task.Delay(20);
        }

        Assert.Contains("create another client", Assert.IsType<TailRefusedException>(last).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path")]
    [InlineData("no server")]
    [InlineData("policy")]
    [InlineData("partition")]
    [InlineData("calibration")]
    public async Task Options_that_need_a_copy_are_refused(string wrong)
    {
        var options = new SplitInferenceOptions { IsServerOnly = true, Server = new("tcp://127.0.0.1:1") };
        switch (wrong)
        {
            case "path": options.ModelPath = "model.onnx"; break;
            case "no server": options.Server = null; break;
            case "policy": options.Policy = "MuLinUcb"; break;
            case "partition": options.Partition = 3; break;
            default: options.Calibration = "calibration.json"; break;
        }

        await Assert.ThrowsAsync<ArgumentException>(() => SplitInferenceClient.CreateAsync(options).AsTask());
    }

    private static ValueTask<SplitInferenceClient> ConnectAsync(Deployment deployment, Action<SplitInferenceOptions>? configure = null) => deployment.ConnectAsync(options =>
    {
        (options.ModelPath, options.ModelName, options.IsServerOnly) = ("", "demo", true);
        configure?.Invoke(options);
    });

    private static TensorValue InputOf(SplitInferenceClient client) =>
        RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
}
