using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Clients of different models on one connection, at a server that takes no second one.</summary>
public class SharedConnectionTests
{
    [Fact]
    public async Task Clients_of_two_models_share_one()
    {
        using var folder = new TestFolder();
        PartitionedModel[] models = [Load(folder["unet.onnx"], UNet.Build().ToBytes()), Load(folder["resnet.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes())];
        await using var server = await SplitInferServer.StartAsync(new()
        {
            Models = { new("first", "1", models[0]), new("second", "1", models[1]) },
            Listen = { new("tcp://127.0.0.1:0") },
            Limits = { MaxConnections = 1 },
        });
        var connections = new SharedConnections();
        var clients = new List<SplitInferenceClient>();
        foreach (var model in models) clients.Add(await ConnectAsync(model, connections));
        foreach (var client in clients) await InferAsync(client);

        // One client that ends leaves the connection to the other one.
        await clients[0].DisposeAsync();
        await InferAsync(clients[1]);

        // A client that does not share is turned away.
        await using (var alone = await ConnectAsync(models[0], connections: null))
        {
            using var input = RandomTensor.Normal(new Random(1), alone.Plan.Inputs[0].Type, alone.Plan.Inputs[0].Shape.Dimensions);
            using var result = await alone.InferAsync(input);
            Assert.NotNull(result.ServerFailure);
        }

        // With the last client the connection ends, and another one may be made.
        await clients[1].DisposeAsync();
        await using var next = await ConnectAsync(models[1], connections);
        InferenceSource? source = null;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (source != InferenceSource.Split)
        {
            // The server may not have seen the end of the former one yet.
            limit.Token.ThrowIfCancellationRequested();
            using var input = RandomTensor.Normal(new Random(1), next.Plan.Inputs[0].Type, next.Plan.Inputs[0].Shape.Dimensions);
            using var result = await next.InferAsync(input, cancellationToken: limit.Token);
            source = result.Source;
        }

        async Task<SplitInferenceClient> ConnectAsync(PartitionedModel model, SharedConnections? connections)
        {
            var options = new SplitInferenceOptions { Server = server.Endpoints[0], Partition = 1, Connections = connections };
            options.Execution.IntraOpThreads = 1;
            return await SplitInferenceClient.CreateAsync(options, model);
        }
    }

    private static PartitionedModel Load(string path, byte[] model)
    {
        File.WriteAllBytes(path, model);
        return PartitionedModel.Load(path);
    }

    private static async Task InferAsync(SplitInferenceClient client)
    {
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        using var result = await client.InferAsync(input);
        Assert.Equal(InferenceSource.Split, result.Source);
        Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
    }
}
