using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Takes the lines that ONNX Runtime logs to the logger of the session that they are about. A process has one logging function, so each
/// session has an identifier that comes with its lines. Thread-safe.
/// </summary>
internal static partial class EngineLog
{
    // The text with which a run ends that was cancelled. Whoever cancelled it knows.
    private const string Cancelled = "terminate flag";

    private static readonly ConcurrentDictionary<string, ILogger> Loggers = new(StringComparer.Ordinal);
    private static ILogger? _first;
    private static int _sessions;

    /// <summary>What the engine is given. It must never throw, since native code calls it, and stays reachable as long as the process lives.</summary>
    public static DOrtLoggingFunction Function { get; } = Write;

    /// <summary>Names a session, and has its lines go to <paramref name="logger"/> until <see cref="Close"/>.</summary>
    public static string Open(ILogger? logger)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"splitinfer-{Interlocked.Increment(ref _sessions)}");
        if (logger is null) return id;
        // Lines of the environment, which has no session, go to the first logger of all.
        Interlocked.CompareExchange(ref _first, logger, null);
        Loggers[id] = logger;
        return id;
    }

    /// <summary>Ends what <see cref="Open"/> began.</summary>
    public static void Close(string id) => Loggers.TryRemove(id, out _);

    /// <summary>The least severe line that a logger wants.</summary>
    public static OrtLoggingLevel SeverityFor(ILogger? logger) => logger switch
    {
        null => OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        _ when logger.IsEnabled(LogLevel.Trace) => OrtLoggingLevel.ORT_LOGGING_LEVEL_VERBOSE,
        _ when logger.IsEnabled(LogLevel.Debug) => OrtLoggingLevel.ORT_LOGGING_LEVEL_INFO,
        _ when logger.IsEnabled(LogLevel.Warning) => OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING,
        _ when logger.IsEnabled(LogLevel.Error) => OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        _ => OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
    };

    private static void Write(nint parameter, OrtLoggingLevel severity, string category, string id, string location, string message)
    {
        try
        {
            if (!Loggers.TryGetValue(id, out var logger)) logger = Volatile.Read(ref _first);
            if (logger is null || message.Contains(Cancelled, StringComparison.Ordinal)) return;
            var level = LevelOf(severity);
            var text = message.TrimEnd();
            EngineLine(logger, level, text, location);
        }
#pragma warning disable CA1031 // A logger that fails must not take native code with it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    // The engine's informational lines are details of the graph, which no operator reads by default.
    private static LogLevel LevelOf(OrtLoggingLevel severity) => severity switch
    {
        OrtLoggingLevel.ORT_LOGGING_LEVEL_VERBOSE => LogLevel.Trace,
        OrtLoggingLevel.ORT_LOGGING_LEVEL_INFO => LogLevel.Debug,
        OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING => LogLevel.Warning,
        OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR => LogLevel.Error,
        _ => LogLevel.Critical,
    };

    [LoggerMessage(EventId = 1, EventName = "EngineLine", Message = "ONNX Runtime: {Message} ({Location})")]
    private static partial void EngineLine(ILogger logger, LogLevel level, string message, string location);
}
