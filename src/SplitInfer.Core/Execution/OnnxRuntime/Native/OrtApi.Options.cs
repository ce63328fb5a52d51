namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>What a session is made with.</summary>
internal sealed unsafe partial class OrtApi
{
    public nint CreateSessionOptions()
    {
        nint options;
        Check(((delegate* unmanaged<nint*, nint>)_table[10])(&options));
        return options;
    }

    /// <param name="options">The session's options.</param>
    /// <param name="path">Null-terminated, UTF-16 on Windows, UTF-8 elsewhere.</param>
    public void SetOptimizedModelFilePath(nint options, void* path) =>
        Check(((delegate* unmanaged<nint, void*, nint>)_table[11])(options, path));

    public void SetSessionLogSeverityLevel(nint options, OrtLogLevel level) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[22])(options, (int)level));

    public void SetSessionGraphOptimizationLevel(nint options, GraphOptimization level) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[23])(options, (int)level));

    public void SetIntraOpNumThreads(nint options, int threads) =>
        Check(((delegate* unmanaged<nint, int, nint>)_table[24])(options, threads));

    public void DisablePerSessionThreads(nint options) =>
        Check(((delegate* unmanaged<nint, nint>)_table[120])(options));

    public void AddSessionConfigEntry(nint options, byte* key, byte* value) =>
        Check(((delegate* unmanaged<nint, byte*, byte*, nint>)_table[130])(options, key, value));

    /// <summary>Replaces an initializer of the model. The value is not copied: it must outlive the session.</summary>
    public void AddInitializer(nint options, byte* name, nint value) =>
        Check(((delegate* unmanaged<nint, byte*, nint, nint>)_table[150])(options, name, value));

    public nint CreatePrepackedWeightsContainer()
    {
        nint container;
        Check(((delegate* unmanaged<nint*, nint>)_table[166])(&container));
        return container;
    }

    public void SessionOptionsAppendExecutionProvider(nint options, byte* name, byte** keys, byte** values, int count) =>
        Check(((delegate* unmanaged<nint, byte*, byte**, byte**, nuint, nint>)_table[216])(options, name, keys, values, (nuint)count));

    public nint CreateCudaProviderOptions()
    {
        nint cuda;
        Check(((delegate* unmanaged<nint*, nint>)_table[205])(&cuda));
        return cuda;
    }

    public void UpdateCudaProviderOptions(nint cuda, byte** keys, byte** values, int count) =>
        Check(((delegate* unmanaged<nint, byte**, byte**, nuint, nint>)_table[206])(cuda, keys, values, (nuint)count));

    public void SessionOptionsAppendExecutionProviderCuda(nint options, nint cuda) =>
        Check(((delegate* unmanaged<nint, nint, nint>)_table[204])(options, cuda));

    public nint CreateTensorRtProviderOptions()
    {
        nint tensorRt;
        Check(((delegate* unmanaged<nint*, nint>)_table[171])(&tensorRt));
        return tensorRt;
    }

    public void UpdateTensorRtProviderOptions(nint tensorRt, byte** keys, byte** values, int count) =>
        Check(((delegate* unmanaged<nint, byte**, byte**, nuint, nint>)_table[172])(tensorRt, keys, values, (nuint)count));

    public void SessionOptionsAppendExecutionProviderTensorRt(nint options, nint tensorRt) =>
        Check(((delegate* unmanaged<nint, nint, nint>)_table[170])(options, tensorRt));
}
