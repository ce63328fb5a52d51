using System.Collections.Immutable;
using System.Globalization;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// Worlds that nobody made for a purpose: any network, link and server, with all that may happen to them. What a policy
/// does in the ones that it was not made for tells more than what it does in those that it was.
/// </summary>
public static class RandomWorld
{
    private const string Prefix = "random";
    private const int Frames = 300;
    private const double MinMbps = 0.5, MaxMbps = 1000;
    private const double MinSpeedup = 0.3, MaxSpeedup = 50;
    private const double MaxNoise = 0.2;

    /// <summary>All kinds in turn, each world with a seed of its own.</summary>
    public static IEnumerable<Scenario> Sequence(int count, int seed)
    {
        var kinds = Enum.GetValues<WorldKind>();
        return Enumerable.Range(0, count).Select(i => Create(kinds[i % kinds.Length], ScenarioRandom.SeedOf(seed, i)));
    }

    /// <summary>The world of that name, such as <c>random/LinkRamp/42</c>; null where no random world has it.</summary>
    public static Scenario? Find(string name) =>
        name.Split('/') is [Prefix, var kind, var number]
            && Enum.TryParse<WorldKind>(kind, out var known) && Enum.IsDefined(known)
            && int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
                ? Create(known, seed)
                : null;

    /// <summary>The world of a seed.</summary>
    public static Scenario Create(WorldKind kind, int seed)
    {
        var draws = new ScenarioRandom(seed);
        var (arms, link) = Place(kind, draws);
        var bandwidth = kind switch
        {
            WorldKind.LinkSteps => RandomTimeline.Steps(draws, Frames, 16),
            WorldKind.LinkRamp => RandomTimeline.Ramp(draws, Frames),
            WorldKind.LinkSpikes => RandomTimeline.Spikes(draws, Frames),
            WorldKind.LinkTrace => RandomTimeline.Trace(draws, Frames),
            WorldKind.Mixed => RandomTimeline.Steps(draws, Frames, 8),
            _ => RandomTimeline.Steady,
        };
        var roundTripSteps = kind is WorldKind.LinkSteps && draws.Flag(0.5);
        return new()
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}/{kind}/{seed}"),
            Frames = Frames,
            Noise = draws.Uniform(0, MaxNoise),
            Arms = arms,
            Servers =
            [
                new()
                {
                    Link = new([.. bandwidth.Steps.Select(step => (step.From, new LinkState(
                        Math.Clamp(link.Mbps * step.Value, MinMbps / 4, MaxMbps),
                        roundTripSteps && step.From > 0 ? link.RttMs * draws.LogUniform(0.2, 5) : link.RttMs)))]),
                    Slowdown = kind is WorldKind.ServerSlowdown or WorldKind.Mixed ? RandomTimeline.Episodes(draws, Frames, 15) : RandomTimeline.Steady,
                },
            ],
            DeviceSlowdown = kind is WorldKind.DeviceSlowdown or WorldKind.Mixed ? RandomTimeline.Episodes(draws, Frames, 4) : RandomTimeline.Steady,
            KeyFrames = draws.Flag(0.5) ? [] : [.. Enumerable.Range(0, Frames).Where(_ => draws.Flag(0.1))],
            Probes = draws.Flag(0.7),
        };
    }

    // Most networks and links leave nothing to choose. Three times in four, one is drawn that does.
    private static (ImmutableArray<ScenarioArm> Arms, LinkState Link) Place(WorldKind kind, ScenarioRandom draws)
    {
        var any = draws.Flag(0.25);
        while (true)
        {
            var arms = RandomNetwork.Arms(draws, draws.LogUniform(MinSpeedup, kind == WorldKind.SlowServer ? 1 : MaxSpeedup));
            var link = new LinkState(draws.LogUniform(MinMbps, MaxMbps), draws.LogUniform(0.2, 300));
            var ratio = BestRemote(arms, link) / arms[^1].HeadMs;
            switch (kind)
            {
                case WorldKind.DeviceBarelyWins when Tune(arms, link, 1 + draws.LogUniform(0.005, 0.05)) is { } tuned: return (arms, tuned);
                case WorldKind.SplitBarelyWins when Tune(arms, link, 1 - draws.LogUniform(0.005, 0.05)) is { } tuned: return (arms, tuned);
                case WorldKind.DeviceBarelyWins or WorldKind.SplitBarelyWins: continue;
            }

            if (any || ratio is > 0.1 and < 2) return (arms, link);
        }
    }

    // The bandwidth at which the best split costs so many times what the device alone does, if there is one.
    private static LinkState? Tune(ImmutableArray<ScenarioArm> arms, LinkState link, double ratio)
    {
        var (low, high) = (MinMbps, MaxMbps);
        var target = ratio * arms[^1].HeadMs;
        if (BestRemote(arms, link with { Mbps = high }) > target || BestRemote(arms, link with { Mbps = low }) < target) return null;
        for (var i = 0; i < 60; i++)
        {
            var middle = Math.Sqrt(low * high);
            if (BestRemote(arms, link with { Mbps = middle }) > target) low = middle;
            else high = middle;
        }

        return link with { Mbps = high };
    }

    private static double BestRemote(ImmutableArray<ScenarioArm> arms, LinkState link) =>
        arms.SkipLast(1).Min(a => a.HeadMs + link.RttMs + (a.PayloadBits / (link.Mbps * 1e3)) + a.TailMs);
}
