using SplitInfer.Policies;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// How accurate what callers have at their deadline is if a policy chooses variant, cut, codec, exit and server together, and lets the device stand in, beside the best single knob of the
/// world (<see cref="JointComparison"/>): one setting for all frames, the best in hindsight, whose late answers count for nothing.
/// </summary>
/// <param name="World">Name of the world.</param>
/// <param name="DeadlineMs">The deadline, ms from the call.</param>
/// <param name="Accuracy">Mean accuracy at the deadline, 0 to 1.</param>
/// <param name="SingleKnob">The best single knob.</param>
/// <param name="SingleKnobAccuracy">Its mean accuracy.</param>
/// <param name="AnyServerAccuracy">That of the best single knob if each may use the better server for it.</param>
/// <param name="ArmAccuracy">That of the best arm of all, taken for all frames.</param>
public sealed record DeadlineComparison(string World, double DeadlineMs, double Accuracy, string SingleKnob, double SingleKnobAccuracy, double AnyServerAccuracy, double ArmAccuracy)
{
    /// <summary>Accuracy over that of the best single knob, 0 to 1.</summary>
    public double Gain => Accuracy - SingleKnobAccuracy;

    /// <summary>Plays a policy in a world by a deadline.</summary>
    /// <param name="world">The world.</param>
    /// <param name="deadlineMs">The deadline, ms.</param>
    /// <param name="create">Makes the policy.</param>
    /// <param name="seed">Makes the noise, the inputs, and the errors of what the policy is told.</param>
    public static DeadlineComparison Of(Scenario world, double deadlineMs, Func<PolicySetup, IPartitionPolicy> create, int seed)
    {
        world = world with { DeadlineMs = deadlineMs, MinAccuracy = 0 };
        var told = Simulator.SetupOf(world, seed);
        var setup = new PolicySetup
        {
            Arms = ArmPruning.Prune(told.Arms, told.Heads),
            Heads = told.Heads,
            HeadDeviation = told.HeadDeviation,
            PayloadDeviation = told.PayloadDeviation,
            Servers = told.Servers,
            Seed = told.Seed,
        };
        var accuracy = new Simulator(world, seed).Play(create(setup)).Average(static frame => frame.Accuracy);
        var choices = new Simulator(world, seed).AccuraciesByDeadline().Select((mean, choice) => new SingleKnobs.Choice(world.ArmOf(choice), world.ServerOf(choice), -mean)).ToArray();
        var (knob, cost) = SingleKnobs.Best(choices, static server => server == 0);
        return new(world.Name, deadlineMs, accuracy, knob, -cost, -SingleKnobs.Best(choices, static _ => true).Cost, -choices.Min(static choice => choice.Cost));
    }
}
