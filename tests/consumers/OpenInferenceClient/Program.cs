// A client of the Open Inference Protocol over gRPC, which knows nothing of SplitInfer: runs a model on zeros, and prints its outputs.
//   OpenInferenceClient ADDRESS MODEL
using Google.Protobuf;
using Grpc.Net.Client;
using Inference;

using var channel = GrpcChannel.ForAddress(args[0]);
var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
var ready = await client.ServerReadyAsync(new()) is { Ready: true } && await client.ModelReadyAsync(new() { Name = args[1] }) is { Ready: true };
var model = await client.ModelMetadataAsync(new() { Name = args[1] });
var request = new ModelInferRequest { ModelName = args[1], Id = "1" };
foreach (var input in model.Inputs)
{
    long[] shape = [.. input.Shape.Select(static size => size < 0 ? 1 : size)];
    request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.Datatype, Shape = { shape } });
    request.RawInputContents.Add(ByteString.CopyFrom(new byte[shape.Aggregate(sizeof(float), static (bytes, size) => bytes * (int)size)]));
}

var response = await client.ModelInferAsync(request);
var index = await client.RepositoryIndexAsync(new());
Console.WriteLine($"ready {ready}, {index.Models.Count} models, {response.ModelName} {response.ModelVersion}, id {response.Id}: "
    + string.Join("; ", response.Outputs.Select((output, place) => $"{output.Name} {output.Datatype} [{string.Join(',', output.Shape)}] {response.RawOutputContents[place].Length} bytes")));
