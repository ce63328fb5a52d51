using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SplitInfer.Fleet.Priors;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet;

/// <summary>Adds the coordination of a fleet to the host of a server. Options are validated when the host starts; a setting of the configuration that no option has is an error.</summary>
public static class FleetServiceCollectionExtensions
{
    private const string ReadsByReflection = "Configuration is bound by reflection. Trimmed and native applications set the options in code, by the other overload.";

    /// <summary>
    /// Registers an <see cref="IQualityCoordination"/> that asks the coordinator of a region, which a server of the same host then uses, and an <see cref="IKindPriorStore"/> that asks the same silos. Each connects in the
    /// background from its first use on.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddFleetCoordination(this IServiceCollection services, Action<FleetClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddFleetCoordination(options => options.Configure(configure));
    }

    /// <summary>The same by a configuration.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">The section that has the properties of <see cref="FleetClientOptions"/>.</param>
    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    public static IServiceCollection AddFleetCoordination(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddFleetCoordination(options => options.Configure(_ => KnownSettings.Require(configuration, typeof(FleetClientOptions))).Bind(configuration, static binder => binder.ErrorOnUnknownConfiguration = true));
    }

    private static IServiceCollection AddFleetCoordination(this IServiceCollection services, Func<OptionsBuilder<FleetClientOptions>, OptionsBuilder<FleetClientOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        configure(services.AddOptions<FleetClientOptions>()).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FleetClientOptions>, FleetClientOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IQualityCoordination>(static provider => new OrleansCoordination(
            provider.GetRequiredService<IOptions<FleetClientOptions>>().Value, provider.GetService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IKindPriorStore>(static provider => new OrleansKindPriorStore(
            provider.GetRequiredService<IOptions<FleetClientOptions>>().Value, provider.GetService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}

/// <summary>Validates options by their own rules, so that a host says which is wrong before it starts.</summary>
internal sealed class FleetClientOptionsValidator : IValidateOptions<FleetClientOptions>
{
    public ValidateOptionsResult Validate(string? name, FleetClientOptions options)
    {
        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException error)
        {
            return ValidateOptionsResult.Fail($"The fleet: {error.Message}");
        }
    }
}
