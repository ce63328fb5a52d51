using System.Collections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace SplitInfer.Cli.Exporting;

/// <summary>Sends metrics, traces and the log of this process to a collector by OTLP.</summary>
internal static class OtlpExport
{
    private const string VariablePrefix = "OTEL_";

    /// <summary>Exports what a host records, until it is disposed.</summary>
    public static void AddOtlp(this IHostApplicationBuilder host, OtlpSettings settings)
    {
        // A host that reads no variables hides those of OpenTelemetry, too.
        host.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(static variable => ((string)variable.Key).StartsWith(VariablePrefix, StringComparison.Ordinal))
            .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value)));
        Configure(host.Services.AddOpenTelemetry(), settings);
        host.Services.AddHostedService<ExportFailureLog>();
    }

    /// <summary>Exports what this process records until what is returned is disposed, which sends what is left.</summary>
    /// <param name="settings">What, and where to.</param>
    /// <param name="complain">Takes a sentence where something could not be exported.</param>
    public static IDisposable Start(OtlpSettings settings, Action<string> complain) => new Session(new ExportFailures(complain), OpenTelemetrySdk.Create(builder => Configure(builder, settings)));

    private static void Configure(IOpenTelemetryBuilder builder, OtlpSettings settings)
    {
        // Else a line of the log goes out with the names of what stands in it.
        builder.Services.Configure<OpenTelemetryLoggerOptions>(static log => log.IncludeFormattedMessage = true);
        builder
            .ConfigureResource(resource => resource.AddProcess(settings.Service))
            .WithMetrics(static metrics => metrics.AddMeter(ExportedSources.Meters))
            .WithTracing(tracing =>
            {
                tracing.AddSource(ExportedSources.Activities);
                // Whether the spans of a request are exported is decided where its trace begins, so that no trace has one end alone.
                if (settings.TraceRatio is { } ratio) tracing.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio)));
            });
        if (settings.Address is { } address) builder.UseOtlpExporter(address.Protocol, address.Endpoint);
        else builder.UseOtlpExporter();
    }

    private sealed class Session(ExportFailures failures, OpenTelemetrySdk sdk) : IDisposable
    {
        public void Dispose()
        {
            sdk.Dispose();
            failures.Dispose();
        }
    }

    /// <summary>Logs what could not be exported, as long as the host runs.</summary>
    private sealed class ExportFailureLog : IHostedService, IDisposable
    {
        private readonly ExportFailures _failures;

        public ExportFailureLog(ILogger<ExportFailureLog> log) => _failures = new(message => ExportLog.ExportFailed(log, message));

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => _failures.Dispose();
    }
}
