using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>On one core the first head after turning to another arm may be slow, which says nothing of what the arm costs from then on.</summary>
public class TurningTests
{
    private const int Worlds = 110;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Slow_heads_after_turning_cost_little_later(bool canRace)
    {
        var (turning, even) = (0.0, 0.0);
        foreach (var world in RandomWorld.Sequence(Worlds, seed: 57))
        {
            turning += PolicyWrapper.ExcessRatio(world, new SlowTurns(PolicyWrapper.MuLinUcb(world, canRace, isSingleCore: true)));
            even += PolicyWrapper.ExcessRatio(world, PolicyWrapper.MuLinUcb(world, canRace, isSingleCore: true));
        }

        // Without doubt of them it is some 3 points more.
        Assert.InRange((turning - even) / Worlds, -1, 0.015);
    }

    private sealed class SlowTurns(IPartitionPolicy policy) : PolicyWrapper(policy)
    {
        private readonly Random _random = new(5);
        private int _last = -1;

        public override void Observe(in Outcome outcome)
        {
            var slowdown = outcome.Decision.Arm.Index == _last ? 1 : 1 + _random.NextDouble();
            _last = outcome.Decision.Arm.Index;
            base.Observe(outcome with { HeadSeconds = outcome.HeadSeconds * slowdown });
        }
    }
}
