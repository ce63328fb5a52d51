using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace SplitInfer.Server;

/// <summary>Adds the state of the server to the health checks of an application.</summary>
public static class SplitInferServerHealthCheckExtensions
{
    /// <summary>Adds a check that is healthy while the server takes requests: not before its models are loaded, and not once it stops.</summary>
    /// <param name="builder">The checks.</param>
    /// <param name="tags">Tags by which checks are selected.</param>
    public static IHealthChecksBuilder AddSplitInferServer(this IHealthChecksBuilder builder, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new("splitinfer-server", static provider => new ServerHealthCheck(provider.GetRequiredService<SplitInferServer>()), failureStatus: null, tags));
    }
}

/// <summary>Whether the server takes requests.</summary>
internal sealed class ServerHealthCheck(SplitInferServer server) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (endpoints, models, refused) = (server.Endpoints, server.Models, server.RefusedModels);
        return Task.FromResult(endpoints.Count == 0
            ? new HealthCheckResult(context.Registration.FailureStatus, "The server takes no requests: it is starting or stopping.")
            : HealthCheckResult.Healthy(
                $"{models.Count} models on {string.Join(", ", endpoints)}.{(refused.Count > 0 ? $" {refused.Count} are refused." : "")}",
                refused.Count == 0 ? null : refused.ToDictionary(static m => $"refused {m.Name} {m.Version}".TrimEnd(), static m => (object)m.Reason, StringComparer.Ordinal)));
    }
}
