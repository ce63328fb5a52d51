using SplitInfer.Partitioning;

namespace SplitInfer.Fuzzing.Models;

/// <summary>The planner on hostile graphs, with the engine: what a server does with a file in its repository.</summary>
internal sealed class PlanTarget : FuzzTarget
{
    private static readonly PlanOptions Options = new() { MaxMeasureTime = TimeSpan.FromSeconds(0.5), MaxMeasureBytes = 256 << 20 };

    public override string Name => "plan";

    public override int ShortInputs => 200;

    // Planning reads the graph several times over, and parses what the engine makes of it.
    public override long MostBytes(int length) => (64L << 20) + (400L * length);

    public override bool MayCrash => true;

    protected override IReadOnlyList<byte[]> Seeds => ModelSeeds.All;

    public override bool Documents(Exception error) => error is SplitInferException;

    public override string Take(byte[] input)
    {
        var plan = PartitionedModel.Load(input, Options, new() { IntraOpThreads = 1 }).Plan;
        return $"{plan.Partitions.Length} partitions, {plan.Arms.Length} arms";
    }

    protected override byte[] Make(Random random, byte[] seed, byte[] other) => random.Next(8) == 0 ? Damage(random, seed, other) : GraphDamage.Of(random, seed);
}
