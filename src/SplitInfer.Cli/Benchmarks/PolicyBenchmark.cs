using SplitInfer.Policies.Catalog;
using SplitInfer.Policies;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Plays every policy against a scenario, all of them with the same noise.</summary>
/// <param name="seeds">How many times, each with other noise.</param>
/// <param name="canRace">Whether the device may run a tail beside the server.</param>
/// <param name="isSingleCore">Whether policies are told that the device has one core.</param>
internal sealed class PolicyBenchmark(int seeds, bool canRace, bool isSingleCore)
{
    /// <summary>The name under which the arm is listed that, taken every time, would have cost least.</summary>
    public const string BestFixed = "BestFixed";

    private const int LastFrames = 50;

    /// <summary>What is listed, in order.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. Policies, BestFixed];

    /// <summary>One row for each of the columns.</summary>
    public IEnumerable<PolicyRow> Run(Scenario scenario)
    {
        foreach (var policy in Policies)
            yield return Play(scenario, policy, seed => PolicyCatalog.Create(policy, Simulator.SetupOf(scenario, seed, canRace, isSingleCore)));
        var best = Enumerable.Range(0, scenario.Choices).MinBy(arm => Enumerable.Range(0, scenario.Frames).Sum(frame => scenario.MeanSeconds(arm, frame)));
        var setup = Simulator.SetupOf(scenario, seed: 0);
        yield return Play(scenario, BestFixed, _ => PolicyCatalog.CreateFixed(PolicyNames.Fixed, setup.Arms[best].Arm));
    }

    // What chooses by accuracy has nothing to choose in these worlds.
    private static IEnumerable<string> Policies => PolicyNames.All.Where(static name => name != PolicyNames.MdInferencePaper);

    private PolicyRow Play(Scenario scenario, string name, Func<int, IPartitionPolicy> create)
    {
        var summaries = new List<SimulationSummary>();
        var (all, last) = (new Excess(), new Excess());
        for (var seed = 0; seed < seeds; seed++)
        {
            var frames = new Simulator(scenario, seed).Play(create(seed)).ToArray();
            summaries.Add(SimulationSummary.Of(name, frames));
            all.Add(frames);
            last.Add(frames.AsSpan(Math.Max(0, frames.Length - LastFrames)));
        }

        var (mean, oracle) = (summaries.Average(static s => s.MeanMs), summaries.Average(static s => s.OracleMeanMs));
        return new(scenario.Name, name, seeds, mean, oracle, mean - oracle, (mean / oracle) - 1, summaries.Average(static s => s.P95Ms), last.Ratio, all.Ratio);
    }

    /// <summary>Cost over the oracle's, noise left out.</summary>
    private struct Excess
    {
        private double _cost;
        private double _oracle;

        public readonly double Ratio => (_cost / _oracle) - 1;

        public void Add(ReadOnlySpan<SimulatedFrame> frames)
        {
            foreach (var frame in frames) (_cost, _oracle) = (_cost + frame.MeanMs, _oracle + frame.OracleMs);
        }
    }
}
