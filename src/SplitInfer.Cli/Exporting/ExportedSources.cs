using OpenTelemetry.Resources;
using SplitInfer.Client.Telemetry;
using SplitInfer.Server.Telemetry;

namespace SplitInfer.Cli.Exporting;

/// <summary>What of this process is exported, whichever way, and what it is said to be of.</summary>
internal static class ExportedSources
{
    /// <summary>What a server is called.</summary>
    public const string ServerService = "splitinfer-server";

    /// <summary>What a client is called.</summary>
    public const string ClientService = "splitinfer-client";

    private static readonly string? Version = typeof(ExportedSources).Assembly.GetName().Version?.ToString(3);

    /// <summary>Names of the meters. That of the runtime has memory, collections and threads.</summary>
    public static string[] Meters => [SplitInferClientTelemetry.MeterName, SplitInferServerTelemetry.MeterName, "System.Runtime"];

    /// <summary>Names of the sources of spans.</summary>
    public static string[] Activities => [SplitInferClientTelemetry.ActivitySourceName, SplitInferServerTelemetry.ActivitySourceName];

    /// <summary>Says what process it is. The variables of OpenTelemetry come last, so that they have the last word.</summary>
    public static ResourceBuilder AddProcess(this ResourceBuilder resource, string service) =>
        resource.Clear().AddTelemetrySdk().AddService(service, serviceVersion: Version).AddEnvironmentVariableDetector();
}
