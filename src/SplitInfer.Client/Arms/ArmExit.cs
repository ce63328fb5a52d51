using SplitInfer.Exits;
using SplitInfer.Policies;

namespace SplitInfer.Client.Arms;

/// <summary>
/// An exit as an arm may use it. Of n exits, setting e up to n has exit e answer where it is sure; setting n + e has it always answer, so that nothing behind it runs.
/// </summary>
/// <param name="Setting">The number of the setting (<see cref="Arm.Exit"/>).</param>
/// <param name="Partition">The partition on which the exit stands.</param>
/// <param name="Rate">The share of requests that it is expected to answer: 1 where it is forced, else more than 0 and less than 1, since how often it really does is learned.</param>
/// <param name="Quality">The share of answers that are expected to be the model's own, 0 to 1.</param>
/// <param name="IsForced">Whether it answers every request.</param>
internal sealed record ArmExit(int Setting, int Partition, double Rate, double Quality, bool IsForced)
{
    /// <summary>How many multiply-accumulates of a head a device runs in a second, about.</summary>
    private const double MacsPerSecond = 4e9;

    /// <summary>A share of none or of all would be taken for certain.</summary>
    private const double LeastRate = 0.001, MostRate = 0.999;

    /// <summary>Seconds that evaluating it is expected to take.</summary>
    public double Seconds { get; private init; }

    /// <summary>The settings of a model's exits: those that answer where they are sure, then those that always do.</summary>
    public static IEnumerable<ArmExit> Of(ModelExits exits)
    {
        var (rate, count) = (0.0, exits.Exits.Length);
        for (var exit = 1; exit <= count; exit++)
        {
            // Who asks an exit alone finds there as well what one before it would have answered.
            rate = Math.Min(1, rate + exits.Exits[exit - 1].ExitRate);
            yield return new(exit, exits.Exits[exit - 1].Partition, Math.Clamp(rate, LeastRate, MostRate), 1 - exits.Promise.LossHigh, IsForced: false) { Seconds = SecondsOf(exits, exit) };
        }

        for (var exit = 1; exit <= count; exit++)
            yield return new(count + exit, exits.Exits[exit - 1].Partition, 1, exits.Exits[exit - 1].Agreement, IsForced: true) { Seconds = SecondsOf(exits, exit) };
    }

    private static double SecondsOf(ModelExits exits, int exit) => exits.Exits[exit - 1].Weights.Length / MacsPerSecond;
}
