namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Builds the native options of a session.</summary>
internal static unsafe class OrtSessionOptions
{
    /// <summary>The folder that the external data of a model in memory is relative to.</summary>
    private const string ExternalDataFolderKey = "session.model_external_initializers_file_folder_path";

    private const string SharedAllocatorsKey = "session.use_env_allocators";

    public static OrtHandle Create(OrtEnvironment environment, ExecutionOptions options, OrtSessionSettings settings, string? externalDataFolder)
    {
        var api = environment.Api;
        var handle = new OrtHandle(api, OrtObject.SessionOptions, api.CreateSessionOptions());
        try
        {
            // What makes a model fail to load is raised, with the same message; printing it besides would only repeat it.
            api.SetSessionLogSeverityLevel(handle.Pointer, OrtLogLevel.Fatal);
            api.SetSessionGraphOptimizationLevel(handle.Pointer, options.Optimization);
            if (options.UseSharedThreadPool) api.DisablePerSessionThreads(handle.Pointer);
            else api.SetIntraOpNumThreads(handle.Pointer, options.IntraOpThreads);
            if (externalDataFolder is not null) Configure(api, handle, ExternalDataFolderKey, Path.GetFullPath(externalDataFolder));
            foreach (var provider in options.Providers) OrtProvider.Append(environment, handle.Pointer, provider);
            Apply(environment, handle, settings);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static void Apply(OrtEnvironment environment, OrtHandle handle, OrtSessionSettings settings)
    {
        if (settings.UseSharedArena)
        {
            environment.EnsureSharedArena();
            Configure(environment.Api, handle, SharedAllocatorsKey, "1");
        }

        foreach (var (key, value) in settings.ConfigEntries) Configure(environment.Api, handle, key, value);
        if (settings.OptimizedModelPath is null) return;
        using var path = new NativePath(settings.OptimizedModelPath);
        environment.Api.SetOptimizedModelFilePath(handle.Pointer, path.Pointer);
    }

    private static void Configure(OrtApi api, OrtHandle handle, string key, string value)
    {
        using var texts = new NativeText(key, value);
        api.AddSessionConfigEntry(handle.Pointer, texts[0], texts[1]);
    }
}
