using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Runs models with ONNX Runtime, through its managed API. The application's packages determine the native library.</summary>
public sealed class OnnxRuntimeEngine : IInferenceEngine
{
    private OnnxRuntimeEngine() { }

    /// <summary>The engine of the process.</summary>
    public static OnnxRuntimeEngine Instance { get; } = new();

    /// <inheritdoc/>
    public string Version => OrtEnv.Instance().GetVersionString();

    /// <inheritdoc/>
    public void Check(ExecutionOptions options)
    {
        options.Validate();
        OnnxRuntimeEnvironment.For(options).Configure(options, new(), logId: "", static _ => true);
    }

    /// <inheritdoc/>
    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => OnnxRuntimeSession.Create(model, options, settings, container: null);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder)
    {
        options.Validate();
        var logId = EngineLog.Open(options.Logger);
        try
        {
            var settings = new SessionSettings { ExternalDataFolder = externalDataFolder, UseSharedArena = true };
            return OnnxRuntimeEnvironment.For(options).Configure(options, settings, logId, session => Compile(model, session));
        }
        finally
        {
            EngineLog.Close(logId);
        }
    }

    /// <inheritdoc/>
    public ISessionGroup CreateGroup() => new SessionGroup();

    private static unsafe ReadOnlyMemory<byte> Compile(byte[] model, SessionOptions session)
    {
        var written = new MemoryStream(model.Length);
        // The engine keeps the address that it is given and reads it when it compiles; the managed API pins the array for the first call only.
        fixed (byte* pinned = model)
        {
            using var compilation = new OrtModelCompilationOptions(session);
            compilation.SetInputModelFromBuffer(model);
            // The compilation does not take the level over from the session.
            compilation.SetGraphOptimizationLevel(session.GraphOptimizationLevel);
            compilation.SetOutputModelWriteDelegate(part => written.Write(part));
            compilation.CompileModel();
        }

        return written.GetBuffer().AsMemory(0, (int)written.Length);
    }
}
