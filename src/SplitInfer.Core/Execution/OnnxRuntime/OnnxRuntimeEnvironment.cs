using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// What a process has one of: ONNX Runtime's environment with the shared pool of threads, and the shared arena. It lives as long as the
/// process, since native threads may still be inside when the last session is gone. Thread-safe.
/// </summary>
internal sealed class OnnxRuntimeEnvironment
{
    // Another one than that of the environment that the managed API makes by itself.
    private const OrtLoggingLevel OurLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;

    // A part of the condition that the engine reports as not met.
    private const string NoPoolMessage = "EnvCreatedWithGlobalThreadPools";

    private static readonly Lock Gate = new();
    private static OnnxRuntimeEnvironment? _current;

    private SharedArena? _sharedArena;
    private readonly bool _isOurs;
    private readonly int _poolThreads;
    private volatile bool _hasPool = true;

    private OnnxRuntimeEnvironment(OrtEnv native, bool isOurs, int poolThreads)
    {
        (Native, _isOurs, _poolThreads) = (native, isOurs, poolThreads);
        // An application may dispose what it got from OrtEnv.Instance(); sessions need the environment until the process ends.
        var isHeld = false;
        native.DangerousAddRef(ref isHeld);
        AvailableProviders = [.. native.GetAvailableProviders()];
    }

    /// <summary>The environment of the managed API.</summary>
    public OrtEnv Native { get; }

    /// <summary>Full names of the execution providers that the library was built with.</summary>
    public ImmutableArray<string> AvailableProviders { get; }

    /// <summary>The process's environment, made at the first call unless the application has made it before.</summary>
    /// <exception cref="DllNotFoundException">No package of the application carries the library.</exception>
    public static OnnxRuntimeEnvironment For(ExecutionOptions options)
    {
        lock (Gate) return _current ??= Create(options.IntraOpThreads);
    }

    /// <summary>The least severe line that a session is to log. An environment of the application's has no logging function of ours, and would print to standard error.</summary>
    public OrtLoggingLevel SeverityFor(ExecutionOptions options) =>
        _isOurs ? EngineLog.SeverityFor(options.Logger) : OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;

    /// <summary>Builds the options of a session and makes something of them.</summary>
    /// <param name="options">What a user chooses.</param>
    /// <param name="settings">What is shared with other sessions.</param>
    /// <param name="logId">What <see cref="EngineLog.Open"/> gave.</param>
    /// <param name="make">Makes it; the options are disposed afterwards. Called again, with threads of its own, where the environment has no pool to share.</param>
    /// <exception cref="EngineException">The engine refuses.</exception>
    public T Configure<T>(ExecutionOptions options, SessionSettings settings, string logId, Func<SessionOptions, T> make)
    {
        var shares = SharesPool(options);
        try
        {
            return Make(shares);
        }
        catch (EngineException error) when (shares && (!_isOurs || error.EngineMessage.Contains(NoPoolMessage, StringComparison.Ordinal)))
        {
            // An application's environment tells by this error alone that it has no pool; another error comes again.
            var made = Make(sharesPool: false);
            _hasPool = false;
            return made;
        }

        T Make(bool sharesPool)
        {
            using var session = new SessionOptions();
            SessionSetup.Apply(session, this, options, settings, logId, sharesPool);
            try
            {
                return make(session);
            }
            catch (Exception error) when (EngineErrors.IsEngineError(error))
            {
                throw EngineErrors.Translate(error);
            }
        }
    }

    /// <summary>The arena that sessions can share, made for the first that asks.</summary>
    public SharedArena ShareArena(ExecutionOptions options)
    {
        lock (Gate) return _sharedArena ??= SharedArena.Register(Native, options.MaxArenaBytes, mayBeThere: !_isOurs);
    }

    // The pool has as many threads as the first options asked for; others that ask for a number of their own get threads of their own. How
    // many threads an application's pool has is unknown.
    private bool SharesPool(ExecutionOptions options) =>
        options.UseSharedThreadPool && _hasPool && (options.IntraOpThreads == 0 || options.IntraOpThreads == _poolThreads);

    private static OnnxRuntimeEnvironment Create(int threads)
    {
        try
        {
            if (OrtEnv.IsCreated) return Adopt(OrtEnv.Instance());
            EngineTelemetry.TurnOff();
            NativeHeap.Limit();
            using var threading = new OrtThreadingOptions();
            threading.GlobalIntraOpNumThreads = threads;
            // Segments run their nodes one after the other; between nodes there is nothing to spread.
            threading.GlobalInterOpNumThreads = 1;
            var creation = new EnvironmentCreationOptions
            {
                logId = "SplitInfer",
                logLevel = OurLevel,
                threadOptions = threading,
                loggingFunction = EngineLog.Function,
            };
            var native = OrtEnv.CreateInstanceWithOptions(ref creation);
            // An application that makes the environment in the same moment may be quicker, and then there is no error.
            return native.EnvLogLevel == OurLevel ? new(native, isOurs: true, threads) : Adopt(native);
        }
        catch (OnnxRuntimeException) when (OrtEnv.IsCreated)
        {
            return Adopt(OrtEnv.Instance());
        }
        catch (TypeInitializationException error) when (error.GetBaseException() is DllNotFoundException missing)
        {
            throw new DllNotFoundException($"ONNX Runtime's library cannot be loaded. If no package of the application carries it for this platform, add a reference to Microsoft.ML.OnnxRuntime, or to one of its flavours such as Microsoft.ML.OnnxRuntime.Gpu. If it is there, install what it needs: {missing.Message}", missing);
        }
    }

    private static OnnxRuntimeEnvironment Adopt(OrtEnv native) => new(native, isOurs: false, poolThreads: -1);
}
