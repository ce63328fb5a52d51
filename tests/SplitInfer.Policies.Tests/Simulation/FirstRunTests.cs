using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>A server may load and compile when it first runs a tail, which says nothing of what the tail costs from then on.</summary>
public class FirstRunTests
{
    private const int Worlds = 110;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Slow_first_runs_cost_little_later(bool canRace, bool isSingleCore)
    {
        var (cold, warm) = (0.0, 0.0);
        foreach (var world in RandomWorld.Sequence(Worlds, seed: 31))
        {
            cold += PolicyWrapper.ExcessRatio(world, new SlowFirstRuns(PolicyWrapper.MuLinUcb(world, canRace, isSingleCore)));
            warm += PolicyWrapper.ExcessRatio(world, PolicyWrapper.MuLinUcb(world, canRace, isSingleCore));
        }

        // Without doubt of first runs it is 2.5 points more on a device that races and 8 on one that does not.
        Assert.InRange((cold - warm) / Worlds, -1, canRace ? 0.005 : 0.02);
    }

    private sealed class SlowFirstRuns(IPartitionPolicy policy) : PolicyWrapper(policy)
    {
        private readonly HashSet<int> _hasRun = [];

        public override void Observe(in Outcome outcome)
        {
            var extra = outcome.ServerSeconds > 0 && _hasRun.Add(outcome.Decision.Arm.Index) ? (7 * outcome.ServerSeconds) + 0.02 : 0;
            base.Observe(outcome with { OffloadSeconds = outcome.OffloadSeconds + extra, ServerSeconds = outcome.ServerSeconds + extra });
        }
    }
}
