using System.Collections.Immutable;
using System.Globalization;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// Random worlds of several variants with several codecs at every cut, any link and server, and requests that ask for an accuracy. Nothing changes
/// in them, so that what is learned is the choice.
/// </summary>
/// <remarks>
/// Variants are made of one chain of layers: each is so many times as fast on the device and on the server as the main one, sends boundaries that are
/// so many times as large, and loses some accuracy. Codecs lose some as well, or none; each makes boundaries smaller and takes time on both sides.
/// </remarks>
public static class RandomFamily
{
    private const string Prefix = "family";
    private const int Frames = 400;
    private const double MinMbps = 0.5, MaxMbps = 500;
    private const double MinSpeedup = 1, MaxSpeedup = 50;
    private const double MaxNoise = 0.1;

    private static readonly double[] Budgets = [0.001, 0.01, 0.03];

    /// <summary>Worlds with a seed of each their own, by rising loss of accuracy that is acceptable, again and again: 0.1, 1 and 3 points.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the first.</param>
    /// <param name="tableError">How far what a policy is told of arms is from what they truly cost, relative to it.</param>
    public static IEnumerable<Scenario> Sequence(int count, int seed, double tableError = 0.1) =>
        Enumerable.Range(0, count).Select(i => Create(i % Budgets.Length, ScenarioRandom.SeedOf(seed, i), tableError));

    /// <summary>The world of that name, such as <c>family/1/42</c>, with tables that are 10 % off; null where none has it.</summary>
    public static Scenario? Find(string name) =>
        name.Split('/') is [Prefix, var budget, var number]
            && int.TryParse(budget, NumberStyles.None, CultureInfo.InvariantCulture, out var known) && known < Budgets.Length
            && int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
                ? Create(known, seed, tableError: 0.1)
                : null;

    private static Scenario Create(int budget, int seed, double tableError)
    {
        var draws = new ScenarioRandom(seed);
        var any = draws.Flag(0.25);
        while (true)
        {
            var world = Draw(draws, string.Create(CultureInfo.InvariantCulture, $"{Prefix}/{budget}/{seed}"), 1 - Budgets[budget], tableError);

            // Three times in four a server is worth using, and not for next to nothing.
            var alone = Enumerable.Range(world.Choices - world.Locals, world.Locals).Where(world.IsAccurate).Min(choice => world.MeanSeconds(choice, 0));
            var ratio = world.OracleSeconds(0) / alone;
            if (any || ratio is > 0.1 and < 0.9) return world;
        }
    }

    private static Scenario Draw(ScenarioRandom draws, string name, double minAccuracy, double tableError)
    {
        var chain = RandomNetwork.Arms(draws, draws.LogUniform(MinSpeedup, MaxSpeedup));
        var variants = RandomVariant.Draw(draws);
        var codecs = RandomCodec.Draw(draws);
        var remote =
            from v in Enumerable.Range(0, variants.Length)
            from arm in chain.SkipLast(1)
            let own = variants[v].Scale(arm, v, draws)
            from c in Enumerable.Range(0, codecs.Length)
            select codecs[c].Apply(own, c);
        var local = Enumerable.Range(0, variants.Length).Reverse().Where(v => v == 0 || draws.Flag(0.8)).Select(v => variants[v].Scale(chain[^1], v, draws));
        ImmutableArray<ScenarioArm> arms = [.. remote, .. local];
        return new()
        {
            Name = name,
            Frames = Frames,
            Noise = draws.Uniform(0, MaxNoise),
            Arms = arms,
            Locals = arms.Length - (variants.Length * (chain.Length - 1) * codecs.Length),
            MinAccuracy = minAccuracy,
            TableError = tableError,
            Servers = [new() { Link = new([(0, new LinkState(draws.LogUniform(MinMbps, MaxMbps), draws.LogUniform(0.5, 100)))]), Slowdown = new([(0, draws.LogUniform(0.5, 2))]) }],
            DeviceSlowdown = RandomTimeline.Steady,
            KeyFrames = [],
            Probes = true,
            LateRaces = true,
        };
    }
}
