using SplitInfer.Policies;

namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// What a policy that chooses variant, cut, codec, exit and server together made of a world, beside whoever turns one of these knobs alone and knows the world. Noise is left
/// out of all costs, and exits count by the share of inputs that they answer.
/// </summary>
/// <remarks>
/// A single knob leaves the others as they are without it: the main variant, all on the first server or all on the device, no codec, no exit. It takes the best setting in
/// hindsight, one for all frames.
/// <code>
/// variant    any variant, whole, on the first server or on the device
/// cut        any cut of the main variant, before the first server
/// codec      the main variant on the first server with any codec
/// exit       the main variant with any exit; what it does not answer goes on from its cut, on the first server or on the device
/// server     the main variant on any server
/// </code>
/// and each of them the main variant on the device, where that is best.
/// </remarks>
/// <param name="World">Name of the world.</param>
/// <param name="Arms">How many arms it has for each server.</param>
/// <param name="PrunedArms">How many of them are left to the policy, at most of any server.</param>
/// <param name="LocalArms">How many that run on the device alone are left to it.</param>
/// <param name="PruningLoss">Cost of the best arm that is left over that of the best of all, less 1.</param>
/// <param name="Cost">Mean cost of a frame by the policy, ms.</param>
/// <param name="OracleCost">Mean cost of the best arm of each frame, ms.</param>
/// <param name="SingleKnob">The best single knob.</param>
/// <param name="SingleKnobCost">Its mean cost, ms.</param>
/// <param name="AnyServerCost">Mean cost of the best single knob if each may use the better server for it, ms.</param>
/// <param name="BestExit">Whether the best arm of the first frame has an exit.</param>
/// <param name="SteadyExcess">Cost over that of the best arm over the last 100 frames, as a part of that.</param>
/// <param name="Recovery">Frames from what happens in the world until the policy costs at most 5 % more than the best arm over the next five frames; -1 where nothing happens, and the frames that are left where it never does.</param>
public sealed record JointComparison(
    string World, int Arms, int PrunedArms, int LocalArms, double PruningLoss, double Cost, double OracleCost, string SingleKnob, double SingleKnobCost, double AnyServerCost, bool BestExit, double SteadyExcess, int Recovery)
{
    private const int SteadyFrames = 100;
    private const double Near = 1.05;
    private const int Run = 5;

    /// <summary>How many times as much the best single knob costs.</summary>
    public double Gain => SingleKnobCost / Cost;

    /// <summary>The same where each knob may use the better server for it.</summary>
    public double GainOverAnyServer => AnyServerCost / Cost;

    /// <summary>The most that there is to be had: how many times as much the best single knob costs as whoever knows the world.</summary>
    public double GainOfOracle => SingleKnobCost / OracleCost;

    /// <summary>Plays a policy in a world.</summary>
    /// <param name="world">The world.</param>
    /// <param name="create">Makes the policy.</param>
    /// <param name="seed">Makes the noise, the inputs, and the errors of what the policy is told.</param>
    public static JointComparison Of(Scenario world, Func<PolicySetup, IPartitionPolicy> create, int seed)
    {
        var setup = FamilyComparison.SetupOf(world, seed);
        var frames = new Simulator(world, seed).Play(create(setup)).ToArray();
        var phases = Phases(world);
        var choices = Enumerable.Range(0, world.Choices).Where(world.IsAccurate).Select(choice => new SingleKnobs.Choice(world.ArmOf(choice), world.ServerOf(choice), MeanMs(world, choice, phases))).ToArray();
        var left = setup.Arms.Select(static arm => arm.Arm with { Index = 0 }).ToHashSet();
        var best = Enumerable.Range(0, world.Choices).Where(world.IsAccurate).MinBy(choice => world.MeanSeconds(choice, 0));
        var (knob, cost) = SingleKnobs.Best(choices, static server => server == 0);
        return new(
            world.Name, (world.Choices - world.Locals) / world.Servers.Length, setup.Arms.Where(static arm => !arm.Arm.IsOnDevice).GroupBy(static arm => arm.Arm.Server).Max(static arms => arms.Count()), setup.Arms.Count(static arm => arm.Arm.IsOnDevice),
            Mean(phases, phase => Least(world, phase.Frame, left)) / Mean(phases, phase => world.OracleSeconds(phase.Frame)) - 1,
            frames.Average(static frame => frame.MeanMs), frames.Average(static frame => frame.OracleMs), knob, cost, SingleKnobs.Best(choices, static _ => true).Cost, world.ArmOf(best).Exit is not null,
            (frames.TakeLast(SteadyFrames).Average(static frame => frame.MeanMs) / frames.TakeLast(SteadyFrames).Average(static frame => frame.OracleMs)) - 1, RecoveryOf(frames, RandomNews.FrameOf(world)));
    }

    // The frames of the world at which it is as it was not before, and the share of frames for which it stays so.
    private static (int Frame, double Share)[] Phases(Scenario world)
    {
        int[] from = [0, .. world.Changes];
        return [.. from.Select((frame, i) => (frame, ((i + 1 < from.Length ? from[i + 1] : world.Frames) - frame) / (double)world.Frames))];
    }

    private static double Mean((int Frame, double Share)[] phases, Func<(int Frame, double Share), double> cost) => phases.Sum(phase => phase.Share * cost(phase));

    private static double MeanMs(Scenario world, int choice, (int Frame, double Share)[] phases) => 1e3 * Mean(phases, phase => world.MeanSeconds(choice, phase.Frame));

    private static double Least(Scenario world, int frame, HashSet<Arm> left) => Enumerable.Range(0, world.Choices)
        .Where(choice => world.IsAccurate(choice) && left.Contains(Numbered(world.ArmOf(choice), world.ServerOf(choice)))).Min(choice => world.MeanSeconds(choice, frame));

    private static Arm Numbered(ScenarioArm arm, int server) => new(0, arm.Variant, arm.Partition, arm.Codec, arm.Exit?.Id ?? 0, server);

    private static int RecoveryOf(SimulatedFrame[] frames, int news)
    {
        if (news < 0) return -1;
        for (var frame = news; frame <= frames.Length - Run; frame++)
            if (frames.Skip(frame).Take(Run).Sum(static f => f.MeanMs) <= Near * frames.Skip(frame).Take(Run).Sum(static f => f.OracleMs)) return frame - news;
        return frames.Length - news;
    }
}
