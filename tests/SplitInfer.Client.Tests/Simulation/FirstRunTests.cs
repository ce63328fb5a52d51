using SplitInfer.Client.Policies;
using SplitInfer.Client.Simulation;
using SplitInfer.Client.Simulation.RandomWorlds;

namespace SplitInfer.Client.Tests.Simulation;

/// <summary>A server may load and compile when it first runs a tail, which says nothing of what the tail costs from then on.</summary>
public class FirstRunTests
{
    private const int Worlds = 110;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Slow_first_runs_cost_little_later(bool canRace)
    {
        var (cold, warm) = (0.0, 0.0);
        foreach (var world in RandomWorld.Sequence(Worlds, seed: 31))
        {
            cold += ExcessRatio(world, canRace, static policy => new SlowFirstRuns(policy));
            warm += ExcessRatio(world, canRace, static policy => policy);
        }

        // Without doubt of first runs it is 2.5 points more on a device that can race and 8 on one that cannot.
        Assert.InRange((cold - warm) / Worlds, -1, canRace ? 0.005 : 0.02);
    }

    private static double ExcessRatio(Scenario world, bool canRace, Func<IPartitionPolicy, IPartitionPolicy> wrap)
    {
        var policy = wrap(PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 0, canRace)));
        var (cost, oracle) = (0.0, 0.0);
        foreach (var frame in new Simulator(world, seed: 0).Play(policy)) (cost, oracle) = (cost + frame.MeanMs, oracle + frame.OracleMs);
        return (cost / oracle) - 1;
    }

    private sealed class SlowFirstRuns(IPartitionPolicy policy) : IPartitionPolicy
    {
        private readonly HashSet<int> _hasRun = [];

        public string Name => policy.Name;

        public Decision Decide(in DecisionContext context) => policy.Decide(context);

        public void ObserveRoundTrip(double seconds) => policy.ObserveRoundTrip(seconds);

        public void Observe(in Decision decision, in Observation observation)
        {
            var extra = observation.ServerSeconds > 0 && _hasRun.Add(decision.Arm.Index) ? (7 * observation.ServerSeconds) + 0.02 : 0;
            policy.Observe(decision, observation with { OffloadSeconds = observation.OffloadSeconds + extra, ServerSeconds = observation.ServerSeconds + extra });
        }
    }
}
