using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Makes sessions that tell about a model and serve no request. Only the CPU is needed.</summary>
internal static class ProbeSession
{
    public static OrtSession Create(ModelProto model, string? folder, ExecutionOptions execution, GraphOptimization optimization) => OrtSession.Create(model.ToByteArray(), folder, new()
    {
        IntraOpThreads = execution.IntraOpThreads,
        UseSharedThreadPool = execution.UseSharedThreadPool,
        LibraryPath = execution.LibraryPath,
        Optimization = optimization,
    });
}
