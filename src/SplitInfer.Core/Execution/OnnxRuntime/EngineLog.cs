using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Takes the lines that ONNX Runtime logs to the logger of the session that they are about. A process has one logging function, so each
/// session has an identifier that comes with its lines. Lines that are about no session go nowhere. Thread-safe.
/// </summary>
internal static partial class EngineLog
{
    private static readonly ConcurrentDictionary<string, ILogger> Loggers = new(StringComparer.Ordinal);
    private static int _sessions;

    [ThreadStatic]
    private static bool _isRunning;

    /// <summary>What the engine is given. It must never throw, since native code calls it, and stays reachable as long as the process lives.</summary>
    public static DOrtLoggingFunction Function { get; } = Write;

    /// <summary>Names a session, and has its lines go to <paramref name="logger"/> until <see cref="Close"/>.</summary>
    public static string Open(ILogger? logger)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"splitinfer-{Interlocked.Increment(ref _sessions)}");
        if (logger is not null) Loggers[id] = logger;
        return id;
    }

    /// <summary>Ends the logging that <see cref="Open"/> began.</summary>
    public static void Close(string id) => Loggers.TryRemove(id, out _);

    /// <summary>Says whether this thread runs a session. An error of a run is raised there, and may be one that is dealt with, such as a cancellation; it is no line besides.</summary>
    public static void SetRunning(bool isRunning) => _isRunning = isRunning;

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
            if ((_isRunning && severity >= OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR) || !Loggers.TryGetValue(id, out var logger)) return;
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

    [LoggerMessage(EventId = 50, EventName = "EngineLine", Message = "ONNX Runtime: {Message} ({Location})")]
    private static partial void EngineLine(ILogger logger, LogLevel level, string message, string location);
}
