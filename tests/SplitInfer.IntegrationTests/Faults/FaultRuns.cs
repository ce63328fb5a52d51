using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>One fault: how it comes and how it goes.</summary>
/// <param name="Begin">Brings it about.</param>
/// <param name="End">Ends it; null for one that a client gets over by itself.</param>
internal sealed record FaultScene(Func<FaultWorld, Task> Begin, Func<FaultWorld, Task>? End = null)
{
    /// <summary>Whether every client has met it.</summary>
    public Func<FaultWorld, bool> HasFired { get; init; } = static world => world.Proxy.HasFiredForAll;

    /// <summary>Sets further options of the clients.</summary>
    public Action<SplitInferenceOptions>? Configure { get; init; }

    /// <summary>What clients connect over.</summary>
    public string Scheme { get; init; } = "tcp";
}

/// <summary>Plays faults, a few at a time, since most of what they take is waiting. All are of one server for each scheme.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It is disposed of as tests dispose of their fixtures.")]
public sealed class FaultRuns : IAsyncLifetime
{
    private const int AtATime = 4;

    private readonly SemaphoreSlim _places = new(AtATime);
    private readonly ConcurrentDictionary<string, Task<string>> _runs = [];
    private readonly ConcurrentDictionary<string, Task<Deployment>> _deployments = [];
    private readonly Lock _gate = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await ((Task)Task.WhenAll(_runs.Values)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var deployment in _deployments.Values) await (await deployment).DisposeAsync();
        _places.Dispose();
    }

    /// <summary>The outcome of one of several scenes, all of which begin with the first that is asked for.</summary>
    internal async Task CheckAsync(string name, IReadOnlyDictionary<string, FaultScene> scenes, ITestOutputHelper output)
    {
        lock (_gate)
        {
            foreach (var (each, scene) in scenes) _runs.GetOrAdd(each, _ => Task.Run(() => PlayInTurnAsync(scene)));
        }

        output.WriteLine(await _runs[name]);
    }

    /// <summary>Plays a scene, whatever others are being played.</summary>
    /// <returns>The longest that a call took while the fault was there, the longest that it took until a client used the server again, and which that was.</returns>
    internal async Task<(TimeSpan Call, TimeSpan Return, string Who)> PlayAsync(FaultScene scene)
    {
        var deployment = await _deployments.GetOrAdd(scene.Scheme, static scheme => FaultWorld.DeployAsync(scheme));
        await using var world = await FaultWorld.StartAsync(deployment, configure: scene.Configure);
        await scene.Begin(world);
        await world.InferAsync();
        await world.InferUntilAsync(() => scene.HasFired(world));
        if (scene.End is { } end) await end(world);
        await world.ReturnAsync();
        return (world.LongestCall, world.LongestReturn, world.SlowestToReturn);
    }

    private async Task<string> PlayInTurnAsync(FaultScene scene)
    {
        await _places.WaitAsync();
        try
        {
            var (call, back, who) = await PlayAsync(scene);
            return $"longest call {call.TotalSeconds:0.00} s, server used again by all after {back.TotalSeconds:0.00} s ({who})";
        }
        finally
        {
            _places.Release();
        }
    }
}
