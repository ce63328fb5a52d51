using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Server;

/// <summary>Adds the server to a host. Options are validated when the host starts; a setting of the configuration that no option has is an error.</summary>
public static class SplitInferServerServiceCollectionExtensions
{
    private const string ReadsByReflection = "Configuration is bound by reflection. Trimmed and native applications set the options in code, by the other overload.";

    /// <summary>Serves tails for as long as the host runs.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddSplitInferServer(this IServiceCollection services, Action<SplitInferServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddSplitInferServer(options => options.Configure(configure));
    }

    /// <summary>Serves tails for as long as the host runs.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">The section that has the properties of <see cref="SplitInferServerOptions"/>.</param>
    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    public static IServiceCollection AddSplitInferServer(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services.AddSplitInferServer(options => options.Bind(configuration, static binder => binder.ErrorOnUnknownConfiguration = true));
    }

    /// <summary>
    /// Has a coordinator in this process tell the server what its time costs, for requests that allow early exits. A server has one of its own without this; it is for other
    /// options of it, and for several servers in one process.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="options">How it finds prices; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static IServiceCollection AddQualityCoordinator(this IServiceCollection services, QualityCoordinatorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var coordination = new LocalCoordination(options);
        services.TryAddSingleton<IQualityCoordination>(coordination);
        return services;
    }

    private static IServiceCollection AddSplitInferServer(this IServiceCollection services, Func<OptionsBuilder<SplitInferServerOptions>, OptionsBuilder<SplitInferServerOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        configure(services.AddOptions<SplitInferServerOptions>()).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SplitInferServerOptions>, SplitInferServerOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        if (services.Any(static service => service.ServiceType == typeof(SplitInferServer))) return services;
        // One that the application has set itself stays.
        services.AddOptions<SplitInferServerOptions>().PostConfigure<IServiceProvider>(static (server, provider) => server.Coordination ??= provider.GetService<IQualityCoordination>());
        services.AddSingleton<SplitInferServer>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<SplitInferServer>());
        return services;
    }
}

/// <summary>Validates options by their own rules, so that a host says which is wrong before it starts.</summary>
internal sealed class SplitInferServerOptionsValidator : IValidateOptions<SplitInferServerOptions>
{
    public ValidateOptionsResult Validate(string? name, SplitInferServerOptions options)
    {
        try
        {
            options.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException error)
        {
            return ValidateOptionsResult.Fail($"The server: {error.Message}");
        }
    }
}
