using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace SplitInfer.Client;

/// <summary>Adds the state of clients to the health checks of an application.</summary>
public static class SplitInferClientHealthCheckExtensions
{
    /// <summary>
    /// Adds a check of a client: healthy where some server can be used or none is configured; degraded where the device does all the work because no
    /// server can be used; unhealthy while the client is not ready, and where no server can be used and the device must not take over.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">The name under which the client was added; null for the one without.</param>
    /// <param name="tags">Tags by which checks are selected.</param>
    public static IHealthChecksBuilder AddSplitInferClient(this IHealthChecksBuilder builder, string? name = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = name ?? Options.DefaultName;
        return builder.Add(new(name is null ? "splitinfer-client" : $"splitinfer-client-{name}", provider => new ClientHealthCheck(provider.GetRequiredKeyedService<ClientLoader>(key)), failureStatus: null, tags));
    }
}

/// <summary>Whether a client is ready, and whether it has a server.</summary>
internal sealed class ClientHealthCheck(ClientLoader loader) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check(context));

    private HealthCheckResult Check(HealthCheckContext context)
    {
        if (loader.Ready is not { } client) return new(context.Registration.FailureStatus, "The model is not loaded yet.");
        var servers = client.Servers;
        var data = servers.ToDictionary(static server => server.Name, static server => (object)(server.IsUsable ? "usable" : server.Failure?.Message ?? "not asked yet"));
        if (servers.Count == 0) return HealthCheckResult.Healthy("The device does all the work; no server is configured.");
        var usable = servers.Count(static server => server.IsUsable);
        if (usable > 0) return HealthCheckResult.Healthy($"{usable} of {servers.Count} servers can be used.", data);
        var failure = client.ServerFailure;
        return loader.FallsBack
            ? HealthCheckResult.Degraded("No server can be used, so the device does all the work.", failure, data)
            : new(context.Registration.FailureStatus, "No server can be used.", failure, data);
    }
}
