using System.Collections.Immutable;

namespace SplitInfer.Simulation.Crowds;

/// <summary>Many clients of one model that share a few servers, each over a link of its own. Immutable; the same world gives the same frames and the same noise, whoever chooses.</summary>
public sealed record CrowdWorld
{
    /// <summary>What people call it.</summary>
    public string Name { get; init; } = "unnamed";

    /// <summary>Seed of all that is random.</summary>
    public int Seed { get; init; }

    /// <summary>How long it is played, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>What comes before is not judged, s: everybody has just begun.</summary>
    public double FromSeconds { get; init; }

    /// <summary>Where what is judged ends, s: at the end of all unless newcomers follow.</summary>
    public double ToSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>Standard deviation of each term of a delay, relative to its mean.</summary>
    public double Noise { get; init; } = 0.05;

    /// <summary>The arms of one server, and last the device, on a device and a server that nothing slows down.</summary>
    public required ImmutableArray<ScenarioArm> Arms { get; init; }

    /// <summary>The servers, at least one.</summary>
    public required ImmutableArray<CrowdServer> Servers { get; init; }

    /// <summary>The clients, at least one.</summary>
    public required ImmutableArray<CrowdClient> Clients { get; init; }

    /// <summary>The arms that a client chooses among, as a scenario of one device.</summary>
    internal Scenario ScenarioOf(CrowdClient client) => new()
    {
        Name = Name,
        Frames = 1,
        Noise = Noise,
        Arms = [.. Arms.Select(arm => arm with { HeadMs = arm.HeadMs * client.Slowdown, EncodeMs = arm.EncodeMs * client.Slowdown })],
        Servers = [.. Servers.Select((server, i) => new ScenarioServer { Name = server.Name, Link = new([(0, client.Links[i])]), Slowdown = new([(0, 1.0)]), Availability = new([(0, true)]), FailureMs = 0, IsLinkByClock = false })],
        NamesServers = true,
        DeviceSlowdown = new([(0, 1.0)]),
        KeyFrames = [],
        Probes = true,
        LateRaces = true,
    };
}

/// <summary>A server that many clients use, first come, first served.</summary>
public sealed record CrowdServer
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How many requests it runs at a time.</summary>
    public int Places { get; init; } = 1;

    /// <summary>How many times longer its tails take.</summary>
    public double Slowdown { get; init; } = 1;
}

/// <summary>A client: a device that has frames now and then and one of them under way at a time.</summary>
public sealed record CrowdClient
{
    /// <summary>What kind of device it is, for people.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Frames a second. The gap between two is uniform within 40 % of its mean; a frame that comes while another one is under way follows at once, and further ones are dropped.</summary>
    public required double FramesPerSecond { get; init; }

    /// <summary>How many times longer its heads take.</summary>
    public double Slowdown { get; init; } = 1;

    /// <summary>Its links, by server.</summary>
    public required ImmutableArray<LinkState> Links { get; init; }

    /// <summary>When it comes, s.</summary>
    public double JoinsAt { get; init; }

    /// <summary>When it goes, s.</summary>
    public double LeavesAt { get; init; } = double.PositiveInfinity;
}
