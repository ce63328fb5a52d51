using Google.Protobuf;
using Grpc.Net.Client;
using SplitInfer.AspNetCore.Grpc.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>The Open Inference Protocol over gRPC, with raw tensors both ways.</summary>
internal sealed class GrpcCarrier : ITransportCarrier
{
    private readonly GrpcChannel _channel;
    private readonly GRPCInferenceService.GRPCInferenceServiceClient _client;
    private readonly ModelInferRequest _request;

    /// <param name="address">The server.</param>
    /// <param name="boundary">What is sent, of bytes; stays the caller's.</param>
    public GrpcCarrier(Uri address, TensorValue boundary)
    {
        _channel = GrpcChannel.ForAddress(address, new() { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        _client = new(_channel);
        _request = new()
        {
            ModelName = "stub",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "bytes", Datatype = "UINT8", Shape = { boundary.ByteLength } } },
            RawInputContents = { UnsafeByteOperations.UnsafeWrap(boundary.Bytes) },
        };
    }

    public string Scheme => "oip-grpc";

    public async ValueTask SendAsync()
    {
        using var call = _client.ModelInferAsync(_request);
        await call.ResponseAsync.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
