using System.Globalization;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>Random worlds of several servers, each with a link and a speed of its own.</summary>
public static class RandomServers
{
    private const string Prefix = "servers";
    private const int MaxServers = 8;
    private const int Frames = 300;
    private const double MinMbps = 1, MaxMbps = 500;
    private const double MinSpeedup = 1, MaxSpeedup = 50;
    private const double MaxNoise = 0.1;

    /// <summary>All kinds in turn, each world with a seed of its own.</summary>
    /// <param name="count">How many worlds.</param>
    /// <param name="servers">How many servers each has, 1 to 8.</param>
    /// <param name="seed">Of the first.</param>
    public static IEnumerable<Scenario> Sequence(int count, int servers, int seed)
    {
        var kinds = Enum.GetValues<ServersKind>();
        return Enumerable.Range(0, count).Select(i => Create(kinds[i % kinds.Length], servers, ScenarioRandom.SeedOf(seed, i)));
    }

    /// <summary>The world of that name, such as <c>servers/GoesAway/3/42</c>; null where none has it.</summary>
    public static Scenario? Find(string name) =>
        name.Split('/') is [Prefix, var kind, var servers, var number]
            && Enum.TryParse<ServersKind>(kind, out var known) && Enum.IsDefined(known)
            && int.TryParse(servers, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxServers
            && int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
                ? Create(known, count, seed)
                : null;

    /// <summary>The world of a seed.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="servers"/> is not 1 to 8.</exception>
    public static Scenario Create(ServersKind kind, int servers, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(servers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(servers, MaxServers);
        var draws = new ScenarioRandom(seed);
        var world = Place(kind, servers, draws, string.Create(CultureInfo.InvariantCulture, $"{Prefix}/{kind}/{servers}/{seed}"));
        if (kind is ServersKind.Steady) return world;
        var first = draws.Whole(80, 120);
        world = Change(world, kind is ServersKind.Several ? ServersKind.SlowsDown : kind, first, draws);
        return kind is ServersKind.Several ? Change(world, ServersKind.GoesAway, first + draws.Whole(60, 100), draws) : world;
    }

    // Three times in four some server is worth using.
    private static Scenario Place(ServersKind kind, int servers, ScenarioRandom draws, string name)
    {
        var any = draws.Flag(0.25);
        while (true)
        {
            var world = new Scenario
            {
                Name = name,
                Frames = Frames,
                Noise = draws.Uniform(0, MaxNoise),
                Arms = RandomNetwork.Arms(draws, draws.LogUniform(MinSpeedup, MaxSpeedup)),
                Servers = [.. Enumerable.Range(0, servers).Select(index => Server(index, draws))],
                NamesServers = true,
                DeviceSlowdown = RandomTimeline.Steady,
                KeyFrames = draws.Flag(0.5) ? [] : [.. Enumerable.Range(0, Frames).Where(_ => draws.Flag(0.1))],
                Probes = true,
                LateRaces = true,
            };
            var ratio = world.OracleSeconds(0) / world.MeanSeconds(world.Choices - 1, 0);
            if (any || ratio is > 0.1 and < 0.9) return world;
        }
    }

    private static ScenarioServer Server(int index, ScenarioRandom draws) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"server{index}"),
        Link = new([(0, new LinkState(draws.LogUniform(MinMbps, MaxMbps), draws.LogUniform(0.5, 100)))]),
        Slowdown = new([(0, draws.LogUniform(0.5, 2))]),
        FailureMs = draws.LogUniform(1, 500),
    };

    // Something happens to the server that is best at that moment; where the device is, to one drawn at random.
    private static Scenario Change(Scenario world, ServersKind kind, int frame, ScenarioRandom draws)
    {
        var choice = Enumerable.Range(0, world.Choices).Where(c => c == world.Choices - 1 || world.Servers[world.ServerOf(c)].Availability.At(frame)).MinBy(c => world.MeanSeconds(c, frame));
        var index = choice == world.Choices - 1 ? draws.Whole(0, world.Servers.Length - 1) : world.ServerOf(choice);
        var (server, factor, back) = (world.Servers[index], draws.LogUniform(2, 15), frame + draws.Whole(60, 100));
        var link = server.Link.At(frame);
        var changed = kind switch
        {
            ServersKind.SlowsDown => server with { Slowdown = new([.. server.Slowdown.Steps, (frame, server.Slowdown.At(frame) * factor)]) },
            ServersKind.LinkWorsens => server with { Link = new([.. server.Link.Steps, (frame, new LinkState(link.Mbps / factor, link.RttMs * draws.LogUniform(1, 3)))]) },
            ServersKind.GoesAway => server with { Availability = new([(0, true), (frame, false)]) },
            ServersKind.ComesBack => server with { Availability = new([(0, true), (frame, false), (back, true)]) },
            _ => server with { Slowdown = new([.. server.Slowdown.Steps, (frame, server.Slowdown.At(frame) * factor), (back, server.Slowdown.At(frame))]) },
        };
        return new()
        {
            Name = world.Name,
            Frames = world.Frames,
            Noise = world.Noise,
            Arms = world.Arms,
            Servers = world.Servers.SetItem(index, changed),
            NamesServers = world.NamesServers,
            DeviceSlowdown = world.DeviceSlowdown,
            KeyFrames = world.KeyFrames,
            Probes = world.Probes,
            LateRaces = world.LateRaces,
        };
    }
}

/// <summary>What happens in a random world of several servers.</summary>
public enum ServersKind
{
    /// <summary>Nothing changes.</summary>
    Steady,

    /// <summary>A server becomes slow.</summary>
    SlowsDown,

    /// <summary>The link of a server becomes slow.</summary>
    LinkWorsens,

    /// <summary>A server goes away.</summary>
    GoesAway,

    /// <summary>One becomes slow, and another one goes away.</summary>
    Several,

    /// <summary>A server goes away and comes back.</summary>
    ComesBack,

    /// <summary>A server becomes slow and recovers, which only a request to it shows.</summary>
    Recovers,
}
