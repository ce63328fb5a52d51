using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Fills in the options of a session.</summary>
internal static class SessionSetup
{
    /// <summary>The folder that the external data of a model in memory is relative to.</summary>
    private const string ExternalDataFolderKey = "session.model_external_initializers_file_folder_path";

    private const string SharedAllocatorsKey = "session.use_env_allocators";

    public static void Apply(SessionOptions session, OnnxRuntimeEnvironment environment, ExecutionOptions options, SessionSettings settings, bool sharesPool)
    {
        session.LogSeverityLevel = environment.SeverityFor(options);
        session.GraphOptimizationLevel = (GraphOptimizationLevel)options.Optimization;
        if (sharesPool) session.DisablePerSessionThreads();
        else session.IntraOpNumThreads = options.IntraOpThreads;
        if (settings.ExternalDataFolder is { } folder) session.AddSessionConfigEntry(ExternalDataFolderKey, Path.GetFullPath(folder));
        if (settings.UseSharedArena)
        {
            environment.EnsureSharedArena();
            session.AddSessionConfigEntry(SharedAllocatorsKey, "1");
        }

        foreach (var provider in options.Providers) Providers.Append(session, environment, provider);
        options.Configure?.Invoke(session);
    }
}
