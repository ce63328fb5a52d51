using System.Collections.Immutable;
using System.Globalization;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// Random worlds of several variants with exits, several codecs at every cut, and two servers with links of their own, and requests that ask for an accuracy.
/// </summary>
/// <remarks>
/// Networks, variants and codecs are those of <see cref="RandomFamily"/>; <see cref="RandomExits"/> puts exits on them. In a world that changes, what changes is what its
/// best arm uses: its link, its server, or the device.
/// </remarks>
public static class RandomJoint
{
    private const string Prefix = "joint";
    private const int Frames = 400, Servers = 2;
    private const double MinMbps = 0.5, MaxMbps = 500;
    private const double MinSpeedup = 1, MaxSpeedup = 50;
    private const double MaxNoise = 0.1, TableError = 0.1;

    /// <summary>Worlds with a seed of each their own.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the first.</param>
    /// <param name="budget">The loss of accuracy that is acceptable, 0 to 1.</param>
    /// <param name="kind">What happens in them.</param>
    public static IEnumerable<Scenario> Sequence(int count, int seed, double budget, JointKind kind = JointKind.Steady) =>
        Enumerable.Range(0, count).Select(i => Create(kind, budget, ScenarioRandom.SeedOf(seed, i)));

    /// <summary>The world of that name, such as <c>joint/Steady/0.01/42</c>; null where none has it.</summary>
    public static Scenario? Find(string name) =>
        name.Split('/') is [Prefix, var kind, var budget, var number]
            && Enum.TryParse<JointKind>(kind, out var known) && Enum.IsDefined(known)
            && double.TryParse(budget, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var loss) && loss is >= 0 and < 1
            && int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
                ? Create(known, loss, seed)
                : null;

    /// <summary>The world of a seed.</summary>
    /// <param name="kind">What happens in it.</param>
    /// <param name="budget">The loss of accuracy that is acceptable, 0 to 1.</param>
    /// <param name="seed">The seed.</param>
    public static Scenario Create(JointKind kind, double budget, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(budget, 1);
        var draws = new ScenarioRandom(seed);
        var any = draws.Flag(0.25);
        while (true)
        {
            var world = Draw(draws, string.Create(CultureInfo.InvariantCulture, $"{Prefix}/{kind}/{budget}/{seed}"), 1 - budget);

            // Three times in four a server is worth using, and not for next to nothing.
            var alone = Enumerable.Range(world.Choices - world.Locals, world.Locals).Where(world.IsAccurate).Min(choice => world.MeanSeconds(choice, 0));
            var ratio = world.OracleSeconds(0) / alone;
            if (!any && ratio is not (> 0.1 and < 0.9)) continue;
            if ((kind is JointKind.Steady ? world : RandomNews.Bring(world, kind, draws)) is { } told) return told;
        }
    }

    private static Scenario Draw(ScenarioRandom draws, string name, double minAccuracy)
    {
        var chain = RandomNetwork.Arms(draws, draws.LogUniform(MinSpeedup, MaxSpeedup));
        var variants = RandomVariant.Draw(draws);
        var codecs = RandomCodec.Draw(draws);
        var task = RandomExits.DrawTask(draws);
        var (remote, local) = (ImmutableArray.CreateBuilder<ScenarioArm>(), new List<ScenarioArm>());
        for (var v = 0; v < variants.Length; v++)
        {
            ScenarioArm[] own = [.. chain.Select(arm => variants[v].Scale(arm, v, draws))];
            var isLocal = v == 0 || draws.Flag(0.8);
            var exits = RandomExits.Draw(draws, task, own);
            foreach (var arm in own.SkipLast(1))
                foreach (var exit in (RandomExit?[])[null, .. exits.Where(exit => exit.Partition == arm.Partition && !exit.IsForced)])
                    for (var c = 0; c < codecs.Length; c++) remote.Add(With(codecs[c].Apply(arm, c), exit));
            if (isLocal) local.InsertRange(0, [.. exits.Select(exit => With(own.First(arm => arm.Partition == exit.Partition), exit) with { PayloadBits = 0, TailMs = 0 }), own[^1]]);
        }

        return new()
        {
            Name = name,
            Frames = Frames,
            Noise = draws.Uniform(0, MaxNoise),
            Arms = [.. remote, .. local],
            Locals = local.Count,
            MinAccuracy = minAccuracy,
            TableError = TableError,
            Servers = [.. Enumerable.Range(0, Servers).Select(index => new ScenarioServer
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"server{index}"),
                Link = new([(0, new LinkState(draws.LogUniform(MinMbps, MaxMbps), draws.LogUniform(0.5, 100)))]),
                Slowdown = new([(0, draws.LogUniform(0.5, 2))]),
            })],
            NamesServers = true,
            DeviceSlowdown = RandomTimeline.Steady,
            KeyFrames = [],
            Probes = true,
            LateRaces = true,
        };
    }

    private static ScenarioArm With(ScenarioArm arm, RandomExit? exit) =>
        exit is null ? arm : arm with { Exit = exit.Exit, Accuracy = arm.Accuracy * (1 - exit.Loss) };
}

/// <summary>What happens in a random world of joint choices.</summary>
public enum JointKind
{
    /// <summary>Nothing changes.</summary>
    Steady,

    /// <summary>The link that the best arm uses becomes slow.</summary>
    LinkWorsens,

    /// <summary>The server that the best arm uses becomes slow.</summary>
    ServerSlowsDown,

    /// <summary>The device becomes slow.</summary>
    DeviceSlowsDown,

    /// <summary>A link that was slow from the beginning recovers, and the best arm then uses it.</summary>
    LinkRecovers,

    /// <summary>A server that was slow from the beginning recovers, and the best arm then uses it.</summary>
    ServerRecovers,

    /// <summary>A device that was slow from the beginning recovers.</summary>
    DeviceRecovers,
}
