using System.Collections.Immutable;
using SplitInfer.Policies;

namespace SplitInfer.Simulation.Streams;

/// <summary>A world that streams are played in. Immutable. What changes in it changes by the clock: times of its timelines are milliseconds.</summary>
public sealed record StreamWorld
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>The arms of each server; the last one is all on the device.</summary>
    public required ImmutableArray<ScenarioArm> Arms { get; init; }

    /// <summary>The servers, at least one.</summary>
    public required ImmutableArray<StreamServer> Servers { get; init; }

    /// <summary>How many times longer the device takes than the arms say. Once by default.</summary>
    public Timeline<double> DeviceSlowdown { get; init; } = new([(0, 1)]);

    /// <summary>Standard deviation of each time, relative to its mean.</summary>
    public double Noise { get; init; } = 0.05;

    /// <summary>How far what a planner is told beforehand is from what arms truly take: standard deviation of its logarithm. Negative (the default) tells it heads and payloads as they are, and nothing of tails.</summary>
    public double TableError { get; init; } = -1;

    /// <summary>How many frames are played.</summary>
    public int Frames { get; init; } = 1000;

    /// <summary>Frames that come in a second; null (the default) where there is always another one.</summary>
    public double? FramesPerSecond { get; init; }

    /// <summary>What happens to frames that come faster than they can be taken.</summary>
    public StreamDrop Drop { get; init; }

    /// <summary>The longest that a frame may take, ms. No limit by default.</summary>
    public double MaxLatencyMs { get; init; } = double.PositiveInfinity;

    /// <summary>Seed of what scatters.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What a planner or a policy knows before the first frame.</summary>
    internal PolicySetup Setup(TimeProvider time) => Simulator.SetupOf(Scenario, Seed, time, canRace: false);

    /// <summary>The same network and servers as a scenario of single requests.</summary>
    internal Scenario Scenario => new()
    {
        Name = Name,
        Frames = Frames,
        Noise = Noise,
        Arms = Arms,
        TableError = TableError,
        Servers = [.. Servers.Select(static server => server.Description)],
        DeviceSlowdown = DeviceSlowdown,
        KeyFrames = [],
        Probes = true,
    };

    /// <summary>Times at which something changes, s, rising, 0 first.</summary>
    internal ImmutableArray<double> Changes =>
        [.. Servers.SelectMany(static server => server.Description.Link.Steps.Select(static step => step.From).Concat(server.Description.Slowdown.Steps.Select(static step => step.From)))
            .Concat(DeviceSlowdown.Steps.Select(static step => step.From)).Append(0).Where(static from => from >= 0).Distinct().Order().Select(static from => from / 1e3)];
}

/// <summary>A server of a stream's world.</summary>
/// <param name="Description">The server and the link to it; the link changes by the clock.</param>
/// <param name="Places">How many frames it runs at a time.</param>
public sealed record StreamServer(ScenarioServer Description, int Places = 1)
{
    /// <summary>A server with a link that never changes.</summary>
    /// <param name="mbps">Bandwidth, Mbit/s.</param>
    /// <param name="rttMs">Round trip, ms.</param>
    /// <param name="share">The part of the server that there is for this stream, above 0 to 1.</param>
    /// <param name="places">How many frames it runs at a time.</param>
    public static StreamServer Steady(double mbps, double rttMs, double share = 1, int places = 1) =>
        new(new() { Link = new([(0, new(mbps, rttMs))]), IsLinkByClock = true, Slowdown = new([(0, 1 / share)]) }, places);
}

/// <summary>What happens to frames that come faster than they can be taken.</summary>
public enum StreamDrop
{
    /// <summary>They wait.</summary>
    None,

    /// <summary>One waits, and a newer one takes its place.</summary>
    Oldest,

    /// <summary>One waits, and newer ones are dropped.</summary>
    Newest,
}
