using System.Globalization;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Simulation.Streams;

/// <summary>Streams in worlds that nobody made for a purpose; each a function of its seed alone.</summary>
/// <remarks>
/// <code>
/// network    a made-up chain of layers; the server 0.5 to 16 times as fast as the device
/// servers    one, or two in one world of four, of one or two places each
/// links      1 to 200 Mbit/s, round trips of 1 to 60 ms; in half of the worlds with steps by up to eight times, of either direction
/// noise      up to 15 % of each time; tables are off by 5 %
/// latency    in half of the worlds a limit of 2 to 8 times what the fastest arm takes
/// </code>
/// </remarks>
public static class RandomStreamWorld
{
    private const int Frames = 1000;

    private const double TableError = 0.05;

    /// <summary>The world of a seed.</summary>
    public static StreamWorld Of(int seed)
    {
        var draws = new ScenarioRandom(seed);
        var arms = RandomNetwork.Arms(draws, draws.LogUniform(0.5, 16));
        var servers = draws.Flag(0.25) ? 2 : 1;
        var steps = draws.Flag(0.5);
        LinkState[] links = [.. Enumerable.Range(0, servers).Select(_ => new LinkState(draws.LogUniform(1, 200), draws.LogUniform(1, 60)))];
        var world = new StreamWorld
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"random/{seed}"),
            Arms = arms,
            Servers = [.. links.Select((link, index) => new StreamServer(new() { Name = $"{(char)('A' + index)}", Link = new([(0, link)]), IsLinkByClock = true }, draws.Whole(1, 2)))],
            Noise = draws.Uniform(0, 0.15),
            TableError = TableError,
            Frames = Frames,
            Seed = seed,
        };
        if (draws.Flag(0.5))
        {
            var fastest = arms[..^1].Min(arm => links.Min(link => arm.HeadMs + link.RttMs + (arm.PayloadBits / (link.Mbps * 1e3)) + arm.TailMs));
            world = world with { MaxLatencyMs = draws.Uniform(2, 8) * Math.Min(fastest, arms[^1].HeadMs) };
        }

        if (!steps) return world;
        var seconds = Frames / new StreamBound(world).At(0);
        return world with
        {
            Servers = [.. world.Servers.Select(server => server with { Description = server.Description with { Link = new([(0, server.Description.Link.At(0)), .. Steps(draws, server.Description.Link.At(0), seconds)]) } })],
        };
    }

    private static IEnumerable<(int, LinkState)> Steps(ScenarioRandom draws, LinkState link, double seconds)
    {
        foreach (var part in (double[])[0.3, 0.6])
            yield return ((int)(part * seconds * draws.Uniform(0.8, 1.2) * 1e3), link with { Mbps = Math.Clamp(link.Mbps * draws.LogUniform(1.0 / 8, 8), 1, 200) });
    }
}
