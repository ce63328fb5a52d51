using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Makes sessions that are asked and not used: the graph stays as it is, and only the CPU is needed.</summary>
internal static class ProbeSession
{
    public static OrtSession Create(ModelProto model, string? folder, ExecutionOptions execution) => OrtSession.Create(model.ToByteArray(), folder, new()
    {
        IntraOpThreads = execution.IntraOpThreads,
        UseSharedThreadPool = execution.UseSharedThreadPool,
        LibraryPath = execution.LibraryPath,
        Optimization = GraphOptimization.None,
    });
}
