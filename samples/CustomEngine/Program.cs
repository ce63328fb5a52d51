// An engine of your own runs the model's segments on the device.
//   dotnet run --project samples/CustomEngine -- MODEL.onnx
using CustomEngine;
using SplitInfer.Client;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Partitioning;

if (args is not [var path] || !File.Exists(path))
{
    Console.Error.WriteLine("Name a model that is there: CustomEngine MODEL.onnx");
    return 2;
}

var engine = new CountingEngine(OnnxRuntimeEngine.Instance);
var execution = new ExecutionOptions { Engine = engine };
var model = PartitionedModel.Load(path, execution: execution);
await using var client = await SplitInferenceClient.CreateAsync(new() { Execution = execution }, model);
var inputs = model.MakeInputs(seed: 1);
(await client.InferAsync(inputs.AsMemory())).Dispose();
var before = engine.Runs; // planning and loading the model have run it as well
for (var request = 0; request < 10; request++) (await client.InferAsync(inputs.AsMemory())).Dispose();
Console.WriteLine($"The device ran the engine {engine.Runs - before} times for 10 requests.");
foreach (var input in inputs) input.Dispose();
return 0;
