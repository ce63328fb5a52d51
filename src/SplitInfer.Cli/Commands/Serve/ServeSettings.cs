using Microsoft.Extensions.Logging;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>What <c>serve</c> is told beside the options of the server: the section <c>Serve</c> of a file or of the environment.</summary>
internal sealed class ServeSettings
{
    /// <summary>The part of the traces that is exported unless something else says. Of requests whose client records none, a hundredth shows how they go, and costs next to nothing.</summary>
    public const double DefaultTraceRatio = 0.01;

    /// <summary>The least level of what is logged.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>Where telemetry is sent by OTLP; null where it is not, or where the variables of OpenTelemetry say.</summary>
    public string? Otlp { get; set; }

    /// <summary>The part of the traces that is exported, 0 to 1; null for the default.</summary>
    public double? TraceRatio { get; set; }

    /// <summary>Names of codecs for pictures that the server knows beside its own, each with its mapping of pixels; null for none.</summary>
    public IReadOnlyCollection<string>? ImageCodecs { get; set; }

    /// <summary>Whether models of the directory are tried in a process of their own first.</summary>
    public bool TryModels { get; set; } = true;

    /// <summary>How long that process may take, in seconds.</summary>
    public double TrialSeconds { get; set; } = 300;

    /// <summary>The most memory that it may have, in bytes; null for half of what there is, shared by those that run at a time.</summary>
    public long? TrialBytes { get; set; }

    /// <summary>The most memory that the process may have where nothing is said of it, in bytes.</summary>
    /// <param name="concurrentTrials">How many run at a time.</param>
    public static long DefaultTrialBytes(int concurrentTrials) => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / Math.Max(1, concurrentTrials);

    /// <summary>The coordinator of this server and others, as <c>--coordinate</c> takes it; null for one in this process.</summary>
    public string? Coordinate { get; set; }

    /// <summary>What is wrong with them, by their names.</summary>
    /// <exception cref="ArgumentException">One cannot be used.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(LogLevel)) throw new ArgumentException($"Serve.LogLevel is {LogLevel}; it can be {string.Join(", ", Enum.GetNames<LogLevel>())}.");
        if (TraceRatio is { } ratio && ratio is not (>= 0 and <= 1)) throw new ArgumentException($"Serve.TraceRatio is {ratio}; it can be from 0 to 1.");
        if (TrialSeconds is not (> 0 and < 1e6)) throw new ArgumentException($"Serve.TrialSeconds is {TrialSeconds}; it can be more than 0.");
        if (Coordinate is { } coordinator && CoordinatorAddress.FaultOf(coordinator) is { } fault) throw new ArgumentException($"Serve.Coordinate {fault}");
        if (TrialBytes is <= 0) throw new ArgumentException($"Serve.TrialBytes is {TrialBytes}; it can be 1 or more.");
    }
}
