namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>The binding of ONNX Runtime's C API, behind the seam for as long as it is compared with the managed API.</summary>
internal sealed class NativeBindingEngine : IInferenceEngine
{
    public static NativeBindingEngine Instance { get; } = new();

    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
    {
        var session = OrtSession.Create(model, settings.ExternalDataFolder, options, new()
        {
            Initializers = settings.Initializers,
            PrepackedWeights = settings.SharedLayouts as OrtPrepackedWeights,
            UseSharedArena = settings.UseSharedArena,
        });
        session.TrustsShapes = settings.BindsOutputs;
        return session;
    }

    public byte[] Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) =>
        OnnxRuntimeEngine.Instance.Optimize(model, options, externalDataFolder);

    public ISharedLayouts CreateSharedLayouts() => new OrtPrepackedWeights(OrtEnvironment.For(new()));
}
