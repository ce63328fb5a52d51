using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Serialization;
using Orleans.Storage;
using SplitInfer.Fleet.Prices;
using SplitInfer.Fleet.Priors;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet;

/// <summary>Runs a silo that coordinates servers in a host.</summary>
public static class FleetSiloExtensions
{
    private const string Service = "splitinfer";

    private const string ReadsByReflection = "Configuration is bound by reflection, as Orleans finds its grains.";

    /// <summary>Coordinates the servers of a region for as long as the host runs, alone or with other silos.</summary>
    /// <param name="builder">The host; it has no other silo.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public static IHostApplicationBuilder UseSplitInferFleet(this IHostApplicationBuilder builder, Action<FleetOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new FleetOptions();
        configure?.Invoke(options);
        options.Validate();
        // Before the silo, which is a service of the host as well.
        builder.Services.AddSingleton<IHostedService>(new PortCheck(options));
        builder.Services.AddSingleton(options);
        builder.UseOrleans(silo => Configure(silo, options));
        // After the silo, of which it asks.
        builder.Services.AddHostedService<SiloWatch>();
        return builder;
    }

    /// <summary>The same by a configuration.</summary>
    /// <param name="builder">The host; it has no other silo.</param>
    /// <param name="configuration">The section that has the properties of <see cref="FleetOptions"/>.</param>
    /// <exception cref="InvalidOperationException">There is a setting that no option has.</exception>
    [RequiresUnreferencedCode(ReadsByReflection), RequiresDynamicCode(ReadsByReflection)]
    public static IHostApplicationBuilder UseSplitInferFleet(this IHostApplicationBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        KnownSettings.Require(configuration, typeof(FleetOptions));
        return builder.UseSplitInferFleet(options => configuration.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true));
    }

    /// <summary>Adds the coordinator to a silo that the application configures itself: its clustering, its ports, and a storage of grains by the name <c>splitinfer</c>.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="pricing">The knobs of the pricing; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A knob is out of range.</exception>
    public static ISiloBuilder AddQualityCoordinator(this ISiloBuilder silo, QualityCoordinatorOptions? pricing = null)
    {
        ArgumentNullException.ThrowIfNull(silo);
        pricing ??= new();
        _ = new QualityCoordinator(pricing);
        silo.Services.AddSingleton(pricing);
        silo.Services.TryAddSingleton(TimeProvider.System);
        return silo;
    }

    /// <summary>Adds the sums of what kinds of devices have learned to a silo that the application configures itself, which has a storage of grains by the name <c>splitinfer</c>.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="adder">Knows what the bytes of sums and shares mean.</param>
    /// <param name="maxKinds">The most kinds of a region, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxKinds"/> is out of range.</exception>
    public static ISiloBuilder AddKindPriors(this ISiloBuilder silo, IKindPriorAdder adder, int maxKinds = 256)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(adder);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKinds, 1);
        silo.Services.AddSingleton(adder);
        silo.Services.AddSingleton(new KindLimit(maxKinds));
        return silo;
    }

    private static void Configure(ISiloBuilder silo, FleetOptions options)
    {
        var address = options.IPAddress;
        if (options.Redis is { } redis)
        {
            var endpoint = FleetRedis.Parse(redis, nameof(options.Redis));
            silo.Services.TryAddSingleton<RedisWatch>();
            silo.UseRedisClustering(clustering => clustering.ConfigurationOptions = endpoint);
            silo.Services.AddOptions<RedisClusteringOptions>().Configure<RedisWatch>((clustering, watch) => clustering.CreateMultiplexer = _ => watch.ConnectAsync(endpoint));
            silo.AddRedisGrainStorage(PriceGrain.Storage, (OptionsBuilder<RedisStorageOptions> storage) => storage.Configure<Serializer, RedisWatch, ILogger<ForgivingSerializer>>((kept, serializer, watch, logger) =>
            {
                (kept.ConfigurationOptions, kept.CreateMultiplexer) = (endpoint, _ => watch.ConnectAsync(endpoint));
                kept.GrainStorageSerializer = new ForgivingSerializer(new OrleansGrainStorageSerializer(serializer), logger);
            }));
        }
        else
        {
            silo.UseDevelopmentClustering(new IPEndPoint(address, options.SiloPort));
            silo.AddMemoryGrainStorage(PriceGrain.Storage);
        }

        silo.ConfigureEndpoints(address, options.SiloPort, options.GatewayPort);
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.Region, Service));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            (membership.ProbeTimeout, membership.MaxProbeTimeout, membership.NumMissedProbesLimit) = (options.ProbeTimeout, options.ProbeTimeout, options.MissedProbes);
            // A silo that starts waits for those that the table has as alive: after all were lost, until they are too old.
            (membership.IAmAliveTablePublishTimeout, membership.NumMissedTableIAmAliveLimit) = (5 * options.ProbeTimeout, 2);
        });
        silo.AddQualityCoordinator(options.Pricing);
        if (options.KindPriors is { } adder) silo.AddKindPriors(adder, options.MaxKinds);
    }
}
