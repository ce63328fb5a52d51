using SplitInfer.Client.Policies;
using SplitInfer.Client.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Plays every policy against a scenario, all of them with the same noise.</summary>
internal sealed class PolicyBenchmark(int seeds)
{
    private const int LastFrames = 50;

    /// <summary>One row for each policy.</summary>
    public IEnumerable<PolicyRow> Run(Scenario scenario) => PolicyNames.All.Select(policy => Play(scenario, policy));

    private PolicyRow Play(Scenario scenario, string policy)
    {
        var summaries = new List<SimulationSummary>();
        var (last, lastOracle) = (0.0, 0.0);
        for (var seed = 0; seed < seeds; seed++)
        {
            var frames = new Simulator(scenario, seed).Play(PolicyCatalog.Create(policy, Simulator.SetupOf(scenario, seed))).ToArray();
            summaries.Add(SimulationSummary.Of(policy, frames));
            last += frames.TakeLast(LastFrames).Sum(static f => f.MeanMs);
            lastOracle += frames.TakeLast(LastFrames).Sum(static f => f.OracleMs);
        }

        var (mean, oracle) = (summaries.Average(static s => s.MeanMs), summaries.Average(static s => s.OracleMeanMs));
        return new(scenario.Name, policy, seeds, mean, oracle, mean - oracle, (mean / oracle) - 1, summaries.Average(static s => s.P95Ms), (last / lastOracle) - 1);
    }
}
