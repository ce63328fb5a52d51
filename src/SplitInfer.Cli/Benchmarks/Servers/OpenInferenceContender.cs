using Google.Protobuf;
using Grpc.Net.Client;
using SplitInfer.AspNetCore.Grpc.Messages;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>A server that speaks the Open Inference Protocol over gRPC, such as the one in <c>bench/Baseline</c>, over a channel for each client.</summary>
internal sealed class OpenInferenceContender : ILoadContender
{
    private readonly GrpcChannel[] _channels;
    private readonly GRPCInferenceService.GRPCInferenceServiceClient[] _clients;
    private readonly ModelInferRequest _request;

    /// <param name="address">The server.</param>
    /// <param name="model">A model that it holds, whose inputs are 32-bit floating-point numbers.</param>
    /// <param name="inputs">What is sent; stays the caller's.</param>
    /// <param name="clients">How many clients there are.</param>
    public OpenInferenceContender(Uri address, PartitionedModel model, TensorValue[] inputs, int clients)
    {
        _channels = [.. Enumerable.Range(0, clients).Select(_ => GrpcChannel.ForAddress(address, new() { MaxReceiveMessageSize = null, MaxSendMessageSize = null, HttpHandler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = 8 << 20 } }))];
        _clients = [.. _channels.Select(static channel => new GRPCInferenceService.GRPCInferenceServiceClient(channel))];
        _request = new() { ModelName = "model" };
        for (var i = 0; i < inputs.Length; i++)
        {
            var input = new ModelInferRequest.Types.InferInputTensor { Name = model.Plan.Inputs[i].Name, Datatype = "FP32" };
            foreach (var size in inputs[i].Shape.Dimensions) input.Shape.Add(size);
            _request.Inputs.Add(input);
            _request.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(inputs[i].Bytes));
        }
    }

    public string Name => "baseline";

    public int MaxClients => _clients.Length;

    public async ValueTask InferAsync(int client, CancellationToken cancellationToken)
    {
        using var call = _clients[client].ModelInferAsync(_request, cancellationToken: cancellationToken);
        await call.ResponseAsync.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var channel in _channels) channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
