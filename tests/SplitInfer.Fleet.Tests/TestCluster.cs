using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.TestingHost;
using SplitInfer.Fleet.Prices;
using SplitInfer.Fleet.Priors;

namespace SplitInfer.Fleet.Tests;

/// <summary>Two silos in this process with a storage that outlives them.</summary>
internal static class TestCluster
{
    public static async Task<InProcessTestCluster> StartAsync(KeptStates? states, IKindPriorAdder? adder = null, int maxKinds = 256)
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSiloHost(static (_, host) => host.Logging.ClearProviders());
        builder.ConfigureClientHost(static host => host.Logging.ClearProviders());
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddQualityCoordinator();
            if (adder is not null) silo.AddKindPriors(adder, maxKinds);
            if (states is null) silo.AddMemoryGrainStorage(PriceGrain.Storage);
            else silo.Services.AddKeyedSingleton<IGrainStorage>(PriceGrain.Storage, (services, _) => new OutlivingStorage(states, services.GetRequiredService<Serializer>()));
            silo.Configure<ClusterMembershipOptions>(static membership => (membership.ProbeTimeout, membership.NumMissedProbesLimit) = (TimeSpan.FromSeconds(1), 2));
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }
}

/// <summary>States as bytes, by grain.</summary>
internal sealed class KeptStates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (byte[] Bytes, int Version)> _states = [];

    /// <summary>How often a state was written.</summary>
    public int Writes { get; private set; }

    /// <summary>Whether writing fails.</summary>
    public bool IsBroken { get; set; }

    public (byte[] Bytes, int Version)? Read(string key)
    {
        lock (_lock) return _states.TryGetValue(key, out var state) ? state : null;
    }

    public int Write(string key, byte[] bytes, string? known)
    {
        lock (_lock)
        {
            if (IsBroken) throw new IOException("The storage is broken.");
            var version = _states.TryGetValue(key, out var state) ? state.Version : 0;
            if ((known ?? "0") != $"{version}") throw new InconsistentStateException("Somebody else has written.");
            _states[key] = (bytes, version + 1);
            Writes++;
            return version + 1;
        }
    }
}

/// <summary>A storage of grains whose states outlive its silo, as bytes of Orleans' serialiser.</summary>
internal sealed class OutlivingStorage(KeptStates states, Serializer serializer) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (states.Read($"{stateName} {grainId}") is not var (bytes, version)) return Task.CompletedTask;
        (grainState.State, grainState.ETag, grainState.RecordExists) = (serializer.Deserialize<T>(bytes), $"{version}", true);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.ETag = $"{states.Write($"{stateName} {grainId}", serializer.SerializeToArray(grainState.State), grainState.ETag)}";
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}
