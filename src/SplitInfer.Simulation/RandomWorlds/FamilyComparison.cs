using SplitInfer.Policies;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// What a policy that chooses variant, cut and codec together made of a world, beside whoever turns one of these knobs alone and knows the world.
/// Noise is left out of all costs.
/// </summary>
/// <remarks>
/// A single knob leaves the others as they are without it: the main variant, all on the server or all on the device, and the first codec. It takes
/// the best setting of the world in hindsight for every frame.
/// <code>
/// variant    any variant, whole, on the server or on the device
/// cut        any cut of the main variant
/// codec      the main variant on the server with any codec, or on the device
/// </code>
/// </remarks>
/// <param name="World">Name of the world.</param>
/// <param name="MinAccuracy">What its requests ask for.</param>
/// <param name="Arms">How many arms it has for each server.</param>
/// <param name="PrunedArms">How many of them are left to the policy.</param>
/// <param name="PruningLoss">Cost of the best arm that is left over that of the best of all, less 1.</param>
/// <param name="Cost">Mean cost of a frame by the policy, ms.</param>
/// <param name="SteadyCost">The same over the last frames.</param>
/// <param name="OracleCost">Cost of the best arm of all, ms.</param>
/// <param name="SingleKnob">The best single knob.</param>
/// <param name="SingleKnobCost">Its cost, ms.</param>
public sealed record FamilyComparison(
    string World, double MinAccuracy, int Arms, int PrunedArms, double PruningLoss, double Cost, double SteadyCost, double OracleCost, string SingleKnob, double SingleKnobCost)
{
    private const int SteadyFrames = 100;

    /// <summary>How much more the policy cost than the best single knob, as a part of that; negative where it cost less.</summary>
    public double OverSingleKnob => (Cost / SingleKnobCost) - 1;

    /// <summary>How much more the policy cost than the best arm over the last frames, as a part of that.</summary>
    public double SteadyExcess => (SteadyCost / OracleCost) - 1;

    /// <summary>What the policy is told of a world: of each server, the arms that can win.</summary>
    /// <param name="world">The world.</param>
    /// <param name="seed">Makes the errors of what it is told.</param>
    public static PolicySetup SetupOf(Scenario world, int seed)
    {
        var all = Simulator.SetupOf(world, seed);
        return new()
        {
            Arms = ArmPruning.PruneFor(all.Arms, all.Heads, world.MinAccuracy),
            Heads = all.Heads,
            HeadDeviation = all.HeadDeviation,
            PayloadDeviation = all.PayloadDeviation,
            Servers = all.Servers,
            RacesLateReplies = all.RacesLateReplies,
            Seed = all.Seed,
        };
    }

    /// <summary>Plays a policy in a world.</summary>
    /// <param name="world">The world, in which nothing changes.</param>
    /// <param name="create">Makes the policy.</param>
    /// <param name="seed">Makes the noise, and the errors of what the policy is told.</param>
    public static FamilyComparison Of(Scenario world, Func<PolicySetup, IPartitionPolicy> create, int seed)
    {
        var setup = SetupOf(world, seed);
        var frames = new Simulator(world, seed).Play(create(setup)).ToArray();
        var choices = Enumerable.Range(0, world.Choices).Where(world.IsAccurate).Select(choice => (Arm: world.ArmOf(choice), Server: world.ServerOf(choice), Cost: world.MeanSeconds(choice, 0) * 1e3)).ToArray();
        var left = setup.Arms.Select(static arm => (arm.Arm.Variant, arm.Arm.Cut, arm.Arm.Codec, arm.Arm.Server)).ToHashSet();
        var oracle = choices.Min(static choice => choice.Cost);
        var (knob, cost) = new (string Name, double Cost)[]
        {
            ("variant", Least(static (arm, isLocal) => isLocal || arm is { Partition: 0, Codec: 0 })),
            ("cut", Least(static (arm, isLocal) => arm is { Variant: 0, Codec: 0 })),
            ("codec", Least(static (arm, isLocal) => arm.Variant == 0 && (isLocal || arm.Partition == 0))),
        }.MinBy(static knob => knob.Cost);
        return new(
            world.Name, world.MinAccuracy, (world.Choices - world.Locals) / world.Servers.Length, setup.Arms.Count(static arm => !arm.Arm.IsOnDevice) / world.Servers.Length,
            (choices.Where(choice => left.Contains((choice.Arm.Variant, choice.Arm.Partition, choice.Arm.Codec, choice.Server))).Min(static choice => choice.Cost) / oracle) - 1,
            frames.Average(static frame => frame.MeanMs), frames.TakeLast(SteadyFrames).Average(static frame => frame.MeanMs), oracle, knob, cost);

        double Least(Func<ScenarioArm, bool, bool> isAllowed) => choices.Where(choice => isAllowed(choice.Arm, choice.Server < 0)).Min(static choice => choice.Cost);
    }
}
