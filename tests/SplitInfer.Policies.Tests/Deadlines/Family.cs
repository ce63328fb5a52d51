using System.Collections.Immutable;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>A made-up family of variants: any number of cuts and codecs on any servers, and some variants on the device. Every delay is known.</summary>
internal sealed class Family
{
    private const int MaxVariants = 5, MaxCuts = 4;

    private readonly double[] _tails;
    private readonly double[] _secondsPerBit;

    public Family(int seed, int servers = 1, Hedge hedge = Hedge.WhenLate, bool canRace = true, int minCut = 0)
    {
        var random = new ScenarioRandom(seed);
        var variants = random.Whole(1, MaxVariants);
        var cuts = Enumerable.Range(0, variants).Select(_ => random.Whole(1, MaxCuts)).ToArray();
        var whole = Enumerable.Range(0, variants).Select(_ => random.LogUniform(5e-3, 0.2)).ToArray();
        var accuracy = Enumerable.Range(0, variants).Select(_ => random.Uniform(0.3, 1)).ToArray();
        var heads = new HeadProfile([.. cuts.Select(static count => (ImmutableArray<double>)[.. Enumerable.Range(0, count + 1).Select(static cut => cut * 1e8)])]);
        var arms = new List<ArmDescription>();
        var tails = new List<double>();
        for (var v = 0; v < variants; v++)
            for (var cut = 0; cut <= cuts[v]; cut++) heads.Record(v, cut, whole[v] * cut / cuts[v]);
        for (var server = 0; server < servers; server++)
        {
            var speedup = random.LogUniform(1, 20);
            for (var v = 0; v < variants; v++)
                for (var cut = 0; cut < cuts[v]; cut++)
                    for (var codec = 0; codec < 2; codec++)
                    {
                        var rest = whole[v] * (cuts[v] - cut) / cuts[v];
                        tails.Add(rest / speedup);
                        arms.Add(new()
                        {
                            Arm = new(arms.Count, v, cut, codec, 0, server),
                            PayloadBits = (codec == 0 ? 1 : 0.2) * 4e6 / (1 + cut),
                            Accuracy = accuracy[v] * (codec == 0 ? 1 : 0.98),
                            TailMacs = [1e8 * (cuts[v] - cut)],
                            TailNodes = [cuts[v] - cut],
                            TailSeconds = random.Flag(0.5) ? 0 : rest / speedup,
                        });
                    }
        }

        foreach (var v in Enumerable.Range(0, variants).Where(v => v == 0 || random.Flag(0.7)).OrderByDescending(static v => v))
            arms.Add(new() { Arm = new(arms.Count, v, cuts[v], 0, 0, Arm.OnDevice), PayloadBits = 0, Accuracy = accuracy[v], TailMacs = [0], TailNodes = [0] });
        Setup = new() { Arms = [.. arms], Heads = heads, Hedge = hedge, CanRace = canRace, Constraints = new() { MinCut = minCut } };
        _tails = [.. tails];
        _secondsPerBit = [.. Enumerable.Range(0, servers).Select(_ => 1 / random.LogUniform(1e6, 1e8))];
    }

    public PolicySetup Setup { get; }

    public double Head(in Arm arm) => Setup.Heads.SecondsOf(arm.Variant, arm.Cut);

    public double Accuracy(in Arm arm) => Setup.Arms[arm.Index].Accuracy;

    /// <summary>The arms that are neither ruled out nor on an unavailable server.</summary>
    public IEnumerable<Arm> Usable(ulong unavailable) =>
        Setup.Arms.Where(arm => arm.Arm.IsOnDevice || (((unavailable >> arm.Arm.Server) & 1) == 0 && !Setup.Mask.Contains(arm.Arm) && Setup.Constraints.Allow(arm))).Select(static arm => arm.Arm);

    /// <summary>What comes of a decision, with a link that takes longer by so much and delays that are so many times what they should be.</summary>
    public Outcome Answer(in Decision decision, double extraSeconds, double factor)
    {
        var arm = decision.Arm;
        var head = Math.Max(Head(arm), 1e-6) * factor;
        if (arm.IsOnDevice) return new() { Decision = decision, HeadSeconds = head };
        var bits = Setup.Arms[arm.Index].PayloadBits;
        var tail = _tails[arm.Index] * factor;
        return new()
        {
            Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = head, OffloadSeconds = (bits * _secondsPerBit[arm.Server]) + 5e-3 + extraSeconds + tail,
            ServerSeconds = tail, BytesSent = (long)(bits / 8),
        };
    }
}
