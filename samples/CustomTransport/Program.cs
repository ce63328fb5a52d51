// A transport of your own: tails run in this process, behind a simulated link, so that policies can be compared without a server.
//   dotnet run --project samples/CustomTransport -- MODEL.onnx
using CustomTransport;
using SplitInfer.Client;
using SplitInfer.Partitioning;

if (args is not [var path] || !File.Exists(path))
{
    Console.Error.WriteLine("Name a model that is there: CustomTransport MODEL.onnx");
    return 2;
}

var model = PartitionedModel.Load(path);
var inputs = model.MakeInputs(seed: 1);
foreach (var policy in (string[])["AllOnDevice", "AllOnServer", "MuLinUcb"])
{
    var transport = new SimulatedTransport(model, bitsPerSecond: 20e6, roundTrip: TimeSpan.FromMilliseconds(5));
    await using var client = await SplitInferenceClient.CreateAsync(new() { Servers = [new() { Transport = transport }], Policy = policy }, model); // owns the transport
    var total = TimeSpan.Zero;
    for (var request = 0; request < 30; request++)
    {
        using var result = await client.InferAsync(inputs.AsMemory());
        total += result.Timings.Total;
    }

    Console.WriteLine($"{policy}: {total.TotalMilliseconds / 30:F1} ms a request.");
    transport.IsUp = false;
    using var last = await client.InferAsync(inputs.AsMemory());
    Console.WriteLine($"{policy} without a server: result from {last.Source}. {last.ServerFailure?.Message}");
}

foreach (var input in inputs) input.Dispose();
return 0;
