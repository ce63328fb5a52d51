// A policy of your own chooses the partition, and goes on from what it had learned when the client is created again.
//   dotnet run --project samples/CustomPolicy -- MODEL.onnx
using CustomPolicy;
using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Server;

if (args is not [var path] || !File.Exists(path))
{
    Console.Error.WriteLine("Name a model that is there: CustomPolicy MODEL.onnx");
    return 2;
}

var model = PartitionedModel.Load(path);
await using var server = await SplitInferServer.StartAsync(new() { Models = { new("demo", "1", model) }, Listen = { new Uri("tcp://127.0.0.1:0") } });
var inputs = model.MakeInputs(seed: 1);
var state = Directory.CreateTempSubdirectory("custom-policy-").FullName;
for (var run = 1; run <= 2; run++)
{
    await using var client = await SplitInferenceClient.CreateAsync(
        new() { Server = server.Endpoints[0], CustomPolicy = setup => new LeastMeanPolicy(setup), StateDirectory = state }, model);
    HashSet<int> tried = [];
    for (var request = 0; request < 100; request++)
    {
        using var result = await client.InferAsync(inputs.AsMemory());
        tried.Add(result.Partition.Index);
    }

    Console.WriteLine($"Run {run}: {tried.Count} partitions taken by {client.Policy}.");
} // disposing the client saves the policy's state

foreach (var input in inputs) input.Dispose();
Directory.Delete(state, recursive: true);
return 0;
