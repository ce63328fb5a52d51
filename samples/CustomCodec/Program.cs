// A codec of your own carries the boundary between a client and a server.
//   dotnet run --project samples/CustomCodec -- MODEL.onnx
using CustomCodec;
using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Server;

if (args is not [var path] || !File.Exists(path))
{
    Console.Error.WriteLine("Name a model that is there: CustomCodec MODEL.onnx");
    return 2;
}

// Both ends must know the codec; they agree on it by its name when they connect.
var codecs = CodecRegistry.Default.With(new BrotliCodec());
var model = PartitionedModel.Load(path);
await using var server = await SplitInferServer.StartAsync(new() { Models = { new("demo", "1", model) }, KnownCodecs = codecs, Listen = { new Uri("tcp://127.0.0.1:0") } });
await using var client = await SplitInferenceClient.CreateAsync(new() { Server = server.Endpoints[0], KnownCodecs = codecs, Codec = "Brotli" }, model);

var inputs = model.MakeInputs(seed: 1);
var cut = client.Plan.Arms[^2]; // the last before everything is on the device
using var result = await client.InferAsync(inputs.AsMemory(), new() { Partition = cut.Index });
Console.WriteLine($"Partition {cut.Index}, codec {result.Codec}: {result.BytesSent} of {cut.BoundaryBytes} bytes sent, result from {result.Source}.");
foreach (var input in inputs) input.Dispose();
return 0;
