using System.Collections.Immutable;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Simulation.Crowds;

/// <summary>Crowds that nobody described: networks, devices, links and servers are drawn from their seed alone, whatever the number of clients.</summary>
/// <remarks>
/// <code>
/// network     a made-up chain of layers; the whole takes 60 to 400 ms on a device
/// servers     one or two of one or two places each, 4 to 16 times as fast as a device
/// clients     busy with frames for 0.2 to 0.7 of the time if they ran them alone
/// links       8 to 100 Mbit/s, round trips of 4 to 40 ms
/// alike       all clients have the same device, rate and link to a server
/// mixed       device, rate and bandwidth of each differ by up to twice to either side
/// contended   drawn again until what clients would send if each were alone would keep the servers busy for 0.8 to 3 times the time that there is
/// time        clients come within the first 5 s; judged from 60 s to 180 s; then one in eight, at least one, comes anew
/// </code>
/// </remarks>
public static class RandomCrowd
{
    private const double JoinSeconds = 5, FromSeconds = 60, ToSeconds = 180;

    private const double NewcomerFrames = 110;

    private const double LeastLoad = 0.8, MostLoad = 3;

    private const int MostDraws = 20_000;

    /// <summary>The fewest clients of a contended crowd: fewer cannot keep servers busy that are worth using.</summary>
    public const int LeastContended = 8;

    /// <summary>Draws one.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="clients">Clients from the beginning on, 1 to 56; at least <see cref="LeastContended"/> of a contended one.</param>
    /// <param name="isMixed">Whether clients differ.</param>
    /// <param name="isContended">Whether servers have more to do than they can, or nearly so, if each client does what is best for it alone.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few clients or too many.</exception>
    public static CrowdWorld Of(int seed, int clients, bool isMixed = false, bool isContended = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, isContended ? LeastContended : 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(clients, MaxClients);
        if (!isContended) return Draw(seed, seed, clients, isMixed);
        for (var i = 0; i < MostDraws; i++)
        {
            var world = Draw(seed, unchecked((seed * MostDraws) + i), clients, isMixed) with { Name = $"crowd/contended/{(isMixed ? "mixed" : "alike")}/{clients}/{seed}" };
            if (new CrowdOptimum(world).SelfishLoad is >= LeastLoad and <= MostLoad) return world;
        }

        throw new InvalidOperationException($"No contended crowd was found in {MostDraws} draws. Take another seed or more clients.");
    }

    /// <summary>Newcomers included, a crowd has no more than 64 clients.</summary>
    public const int MaxClients = 56;

    private static CrowdWorld Draw(int noise, int seed, int clients, bool isMixed)
    {
        var draws = new ScenarioRandom(seed);
        var speedup = draws.LogUniform(4, 16);
        var arms = Rescale(RandomNetwork.Arms(draws, speedup), draws.LogUniform(60, 400));
        var rate = draws.Uniform(0.2, 0.7) / (arms[^1].HeadMs / 1e3);
        var (servers, places) = (draws.Whole(1, 2), draws.Whole(1, 2));
        LinkState[] links = [.. Enumerable.Range(0, servers).Select(_ => new LinkState(draws.LogUniform(8, 100), draws.LogUniform(4, 40)))];
        var newcomers = Math.Max(1, clients / 8);
        return new()
        {
            Name = $"crowd/{(isMixed ? "mixed" : "alike")}/{clients}/{seed}",
            Seed = noise,
            Seconds = ToSeconds + (NewcomerFrames / (isMixed ? rate / 2 : rate)),
            FromSeconds = FromSeconds,
            ToSeconds = ToSeconds,
            Arms = arms,
            Servers = [.. Enumerable.Range(0, servers).Select(i => new CrowdServer { Name = $"{(char)('A' + i)}", Places = places })],
            Clients = [.. Enumerable.Range(0, clients + newcomers).Select(i => Client(new ScenarioRandom(unchecked((seed * 1_000) + i)), i < clients ? null : ToSeconds, rate, links, isMixed))],
        };
    }

    private static CrowdClient Client(ScenarioRandom draws, double? joinsAt, double rate, LinkState[] links, bool isMixed)
    {
        double Factor() => isMixed ? draws.LogUniform(0.5, 2) : 1;
        var slowdown = Factor();
        return new()
        {
            Kind = "device",
            JoinsAt = (joinsAt ?? 0) + draws.Uniform(0, JoinSeconds),
            Slowdown = slowdown,
            // A device twice as slow has half of the frames, so that it can run them alone.
            FramesPerSecond = rate / slowdown,
            Links = [.. links.Select(link => link with { Mbps = link.Mbps * Factor() })],
        };
    }

    private static ImmutableArray<ScenarioArm> Rescale(ImmutableArray<ScenarioArm> arms, double wholeMs)
    {
        var factor = wholeMs / arms[^1].HeadMs;
        return [.. arms.Select(arm => arm with { HeadMs = arm.HeadMs * factor, TailMs = arm.TailMs * factor })];
    }
}
