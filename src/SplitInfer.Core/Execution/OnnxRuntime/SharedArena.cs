using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// The arena from which the sessions of the process take the memory of their runs. It may have a bound, which the engine keeps: a node that asks
/// for more fails, and the process lives. What a run has taken stays with the arena for the next one, until it is trimmed. Thread-safe.
/// </summary>
internal sealed class SharedArena
{
    /// <summary>The setting by which a session takes memory from the arena.</summary>
    public const string SessionKey = "session.use_env_allocators";

    // An ONNX file, version 8 of the format and 13 of the operators: y = Relu(x), both one float32.
    private const string TrimmerModel =
        "08083A360A0C0A0178120179220452656C7512047472696D5A0F0A0178120A" +
        "0A08080112040A020801620F0A0179120A0A08080112040A0208014202100D";

    // The managed API takes a number of 32 bits.
    private const long MostBytes = uint.MaxValue;

    private readonly Lock _gate = new();
    private InferenceSession? _trimmer;

    private SharedArena() => Trimming = new(Trim, Environment.WorkingSet);

    /// <summary>Gives memory back that runs have left behind.</summary>
    public ArenaTrimming Trimming { get; }

    /// <summary>Makes the arena.</summary>
    /// <param name="environment">The process's environment.</param>
    /// <param name="maxBytes">The most bytes that it may take; null sets no bound.</param>
    /// <param name="mayBeThere">Whether the application may have made one, which then serves as well.</param>
    public static SharedArena Register(OrtEnv environment, long? maxBytes, bool mayBeThere)
    {
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        // Many sessions of different sizes share it: it grows by what is asked for, not by doubling what it has.
        const int SameAsRequested = 1;
        const int Default = -1;
        const uint NoBound = 0;
        using var arena = new OrtArenaCfg(maxBytes is > 0 and <= MostBytes ? (uint)maxBytes : NoBound, SameAsRequested, Default, Default);
        try
        {
            environment.CreateAndRegisterAllocator(memory, arena);
        }
        catch (OnnxRuntimeException) when (mayBeThere)
        {
        }

        return new();
    }

    /// <summary>Gives all memory back to the system that no run is using. The next runs have to ask for theirs anew.</summary>
    public void Trim()
    {
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        // The engine trims an arena only at the end of a run that asks for it.
        options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        using var input = OrtValue.CreateTensorValueFromMemory(new float[1], [1]);
        lock (_gate)
        {
            try
            {
                _trimmer ??= CreateTrimmer();
                using var outputs = _trimmer.Run(options, ["x"], [input], ["y"]);
            }
            catch (OnnxRuntimeException)
            {
                // At its bound an arena has no room for the smallest run; the run that frees some is followed by another look.
            }
        }
    }

    private static InferenceSession CreateTrimmer()
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
        options.AddSessionConfigEntry(SessionKey, "1");
        return new(Convert.FromHexString(TrimmerModel), options);
    }
}
