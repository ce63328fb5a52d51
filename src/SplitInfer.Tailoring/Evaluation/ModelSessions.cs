using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Loads models that were read.</summary>
internal static class ModelSessions
{
    /// <summary>Loads a model as it is.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static IEngineSession Load(OnnxModel model, ExecutionOptions execution)
    {
        var proto = model.Shell.Clone();
        proto.Graph.MergeFrom(model.Graph);
        var session = execution.Engine.Load(proto.ToByteArray(), execution, model.Folder);
        // The copy of the external data must last until the engine has read it.
        GC.KeepAlive(model);
        return session;
    }

    /// <summary>Bytes of the weights and the graph.</summary>
    public static long BytesOf(OnnxModel model) => model.Shell.CalculateSize() + model.Graph.CalculateSize()
        + (model.Folder is { } folder ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static f => f.Length) : 0);
}
