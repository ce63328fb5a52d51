using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace SplitInfer.Server;

/// <summary>Adds the server to a host.</summary>
public static class SplitInferServerServiceCollectionExtensions
{
    /// <summary>Serves tails for as long as the host runs.</summary>
    public static IServiceCollection AddSplitInferServer(this IServiceCollection services, Action<SplitInferServerOptions> configure)
    {
        services.AddOptions<SplitInferServerOptions>().Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SplitInferServer>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<SplitInferServer>());
        return services;
    }
}
