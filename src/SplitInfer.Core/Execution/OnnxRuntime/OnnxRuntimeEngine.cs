using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Runs models with ONNX Runtime, through its managed API. Which library that is, the application's packages decide.</summary>
internal sealed class OnnxRuntimeEngine : IInferenceEngine
{
    private OnnxRuntimeEngine() { }

    /// <summary>The engine of the process.</summary>
    public static OnnxRuntimeEngine Instance { get; } = new();

    /// <inheritdoc/>
    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
    {
        options.Validate();
        return OnnxRuntimeSession.Create(OnnxRuntimeEnvironment.For(options), model, options, settings);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder)
    {
        options.Validate();
        var written = new MemoryStream(model.Length);
        OnnxRuntimeEnvironment.For(options).Configure(options, new() { ExternalDataFolder = externalDataFolder, UseSharedArena = true }, session =>
        {
            using var compilation = new OrtModelCompilationOptions(session);
            compilation.SetInputModelFromBuffer(model);
            compilation.SetGraphOptimizationLevel((GraphOptimizationLevel)options.Optimization);
            compilation.SetOutputModelWriteDelegate(part => written.Write(part));
            written.SetLength(0);
            compilation.CompileModel();
            return true;
        });
        return written.GetBuffer().AsMemory(0, (int)written.Length);
    }

    /// <inheritdoc/>
    public ISharedLayouts CreateSharedLayouts() => new SharedLayouts();
}
