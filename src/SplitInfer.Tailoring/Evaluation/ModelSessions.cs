using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Loads models that were read.</summary>
internal static class ModelSessions
{
    /// <summary>Loads a model as it is.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static IEngineSession Load(OnnxModel model, ExecutionOptions execution)
    {
        var session = execution.Engine.Load(Whole(model).ToByteArray(), execution, model.Folder);
        // The copy of the external data must last until the engine has read it.
        GC.KeepAlive(model);
        return session;
    }

    /// <summary>Bytes of the file, or of what would be written of a model that is in memory, and of external data.</summary>
    public static long BytesOf(OnnxModel model) => (File.Exists(model.Source) ? new FileInfo(model.Source).Length : Whole(model).CalculateSize())
        + (model.Folder is { } folder ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static f => f.Length) : 0);

    // Shares all messages with the model.
    private static ModelProto Whole(OnnxModel model)
    {
        var proto = model.Shell.Clone();
        proto.Graph.MergeFrom(model.Graph);
        return proto;
    }
}
