namespace SplitInfer.Cli.Exporting;

/// <summary>What is exported by OTLP, and where it goes.</summary>
/// <param name="Service">Name of the service, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES has another.</param>
/// <param name="Address">The collector; null where the variables of OpenTelemetry name it.</param>
/// <param name="TraceRatio">Share of the traces that begin here and are exported, 0 to 1; null where OTEL_TRACES_SAMPLER decides.</param>
internal sealed record OtlpSettings(string Service, OtlpAddress? Address, double? TraceRatio)
{
    private static readonly string[] Endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    private const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>Whether a variable of OpenTelemetry names a collector.</summary>
    public static bool IsInEnvironment => Array.Exists(Endpoints, IsSet);

    /// <summary>Whether a variable of OpenTelemetry says which traces are exported.</summary>
    public static bool IsSampledByEnvironment => IsSet(Sampler);

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
