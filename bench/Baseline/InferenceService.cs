using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SplitInfer.AspNetCore.Grpc.Messages;

namespace Baseline;

/// <summary>Runs the model for each request as it comes, in the Open Inference Protocol, with tensors of 32-bit floating-point numbers.</summary>
internal sealed class InferenceService(InferenceSession session) : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var inputs = new List<NamedOnnxValue>(request.Inputs.Count);
        for (var i = 0; i < request.Inputs.Count; i++)
        {
            var input = request.Inputs[i];
            var values = MemoryMarshal.Cast<byte, float>(request.RawInputContents[i].Span).ToArray();
            inputs.Add(NamedOnnxValue.CreateFromTensor(input.Name, new DenseTensor<float>(values, [.. input.Shape.Select(static size => (int)size)])));
        }

        using var outputs = session.Run(inputs);
        var response = new ModelInferResponse { ModelName = request.ModelName };
        foreach (var output in outputs)
        {
            var tensor = output.AsTensor<float>();
            var description = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = "FP32" };
            foreach (var size in tensor.Dimensions) description.Shape.Add(size);
            response.Outputs.Add(description);
            response.RawOutputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(tensor.ToArray())));
        }

        return Task.FromResult(response);
    }
}
