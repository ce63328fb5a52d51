using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace SplitInfer.Client;

/// <summary>Adds clients to a container. Each is made once, when the host starts, and may be injected anywhere as a <see cref="SplitInferenceClient"/>.</summary>
/// <remarks>
/// Options are validated when the host starts; a setting of the configuration that no option has is an error. In a container without a host a client is made
/// when it is first asked for, which blocks. Names are keys: <c>[FromKeyedServices("detector")] SplitInferenceClient detector</c>.
/// </remarks>
public static class SplitInferClientServiceCollectionExtensions
{
    private const string ReadsByReflection = "Configuration is bound by reflection. Trimmed and native applications set the options in code, by the other overload.";

    /// <summary>Adds the client of the only model.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">The section that has the properties of <see cref="SplitInferenceOptions"/>.</param>
    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    public static IServiceCollection AddSplitInferClient(this IServiceCollection services, IConfiguration configuration) => services.AddSplitInferClient(name: null, Binding(configuration));

    /// <summary>Adds the client of the only model.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddSplitInferClient(this IServiceCollection services, Action<SplitInferenceOptions> configure) => services.AddSplitInferClient(name: null, Setting(configure));

    /// <summary>Adds the client of one of several models, as a keyed service.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">The key.</param>
    /// <param name="configuration">The section that has the properties of <see cref="SplitInferenceOptions"/>.</param>
    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    public static IServiceCollection AddSplitInferClient(this IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return services.AddSplitInferClient(name, Binding(configuration));
    }

    /// <summary>Adds the client of one of several models, as a keyed service.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">The key.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddSplitInferClient(this IServiceCollection services, string name, Action<SplitInferenceOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return services.AddSplitInferClient(name, Setting(configure));
    }

    private static IServiceCollection AddSplitInferClient(this IServiceCollection services, string? name, Action<OptionsBuilder<SplitInferenceOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        var key = name ?? Options.DefaultName;
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(ClientLoader) && Equals(service.ServiceKey, key)))
            throw new InvalidOperationException(name is null ? "A client without a name was added already. Give each client a name." : $"A client named '{name}' was added already. Give each client a name of its own.");
        var options = services.AddOptions<SplitInferenceOptions>(key);
        configure(options);
        options.PostConfigure<IServiceProvider>((settings, provider) =>
        {
            if (settings.Logger == NullLogger.Instance) settings.Logger = provider.GetService<ILoggerFactory>()?.CreateLogger<SplitInferenceClient>() ?? settings.Logger;
            if (settings.TimeProvider == TimeProvider.System) settings.TimeProvider = provider.GetService<TimeProvider>() ?? settings.TimeProvider;
        }).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SplitInferenceOptions>, SplitInferenceOptionsValidator>());
        services.AddKeyedSingleton(key, static (provider, key) => new ClientLoader((string)key!, provider.GetRequiredService<IOptionsMonitor<SplitInferenceOptions>>()));
        services.AddSingleton<IHostedService>(provider => new ClientStarter(provider.GetRequiredKeyedService<ClientLoader>(key)));
        return name is null
            ? services.AddSingleton(static provider => provider.GetRequiredKeyedService<ClientLoader>(Options.DefaultName).Client)
            : services.AddKeyedSingleton(name, static (provider, key) => provider.GetRequiredKeyedService<ClientLoader>(key).Client);
    }

    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    private static Action<OptionsBuilder<SplitInferenceOptions>> Binding(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return options => options.Bind(configuration, static binder => binder.ErrorOnUnknownConfiguration = true);
    }

    private static Action<OptionsBuilder<SplitInferenceOptions>> Setting(Action<SplitInferenceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return options => options.Configure(configure);
    }
}
