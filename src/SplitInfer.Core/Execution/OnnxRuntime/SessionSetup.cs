using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Fills in the options of a session.</summary>
internal static class SessionSetup
{
    /// <summary>The folder that the external data of a model in memory is relative to.</summary>
    private const string ExternalDataFolderKey = "session.model_external_initializers_file_folder_path";

    // On x64 without VNNI the engine's products of 8-bit integers overflow 16 bits and are cut off there, where it fuses a product, and are exact where
    // it does not. Which it does depends on the cut. With VNNI all are exact, and asking for that makes them twice as slow.
    private const string ExactProductsKey = "session.x64quantprecision";

    private const string Setting = $"{nameof(ExecutionOptions)}.{nameof(ExecutionOptions.Configure)}";

    /// <exception cref="EngineException">The engine refuses a provider, or what the application sets.</exception>
    /// <exception cref="UnknownExecutionProviderException">A provider is unknown.</exception>
    public static void Apply(SessionOptions session, OnnxRuntimeEnvironment environment, ExecutionOptions options, SessionSettings settings, string logId, bool sharesPool)
    {
        session.LogId = logId;
        session.LogSeverityLevel = environment.SeverityFor(options);
        session.GraphOptimizationLevel = (GraphOptimizationLevel)options.Optimization;
        if (sharesPool) session.DisablePerSessionThreads();
        else session.IntraOpNumThreads = options.IntraOpThreads;
        if (!ByteProducts.HasVnni) session.AddSessionConfigEntry(ExactProductsKey, "1");
        if (settings.ExternalDataFolder is { } folder) session.AddSessionConfigEntry(ExternalDataFolderKey, Path.GetFullPath(folder));
        if (settings.UseSharedArena)
        {
            environment.ShareArena(options);
            session.AddSessionConfigEntry(SharedArena.SessionKey, "1");
        }

        foreach (var library in options.CustomOperatorLibraries) Register(session, library);
        foreach (var provider in options.Providers) Providers.Append(session, environment, provider);
        try
        {
            options.Configure?.Invoke(session);
        }
        catch (OnnxRuntimeException error)
        {
            // What the engine refuses is its error; everything else is the application's.
            var refusal = EngineErrors.Translate(error);
            throw new EngineException(refusal.Code, $"{Setting} was refused. {refusal.EngineMessage}", error);
        }
        catch (EntryPointNotFoundException error)
        {
            throw new EngineException(EngineErrorCode.NotImplemented, $"{Setting} asks for something that the library of this application does not have. Reference the package that has it, such as Microsoft.ML.OnnxRuntime.Gpu, in place of Microsoft.ML.OnnxRuntime. {error.Message}", error);
        }
    }

    private static void Register(SessionOptions session, string library)
    {
        try
        {
            session.RegisterCustomOpLibrary(library);
        }
        catch (Exception error) when (EngineErrors.IsEngineError(error))
        {
            var refusal = EngineErrors.Translate(error);
            throw new EngineException(refusal.Code, $"the library of custom operators '{library}' cannot be loaded. Give the path of one that was built for this platform and this release. {refusal.EngineMessage}", error);
        }
    }
}
