namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>The best setting of one knob alone, whichever that is, known in hindsight; <see cref="JointComparison"/> says what the knobs are.</summary>
internal static class SingleKnobs
{
    /// <summary>The knob that costs least.</summary>
    /// <param name="choices">All arms with what they cost. The device has the main variant without an exit.</param>
    /// <param name="mayUse">Which servers knobs other than that of the server use.</param>
    public static (string Name, double Cost) Best(Choice[] choices, Func<int, bool> mayUse)
    {
        var device = choices.Where(static choice => choice is { Server: < 0, Arm: { Variant: 0, Exit: null } }).Min(static choice => choice.Cost);
        return new (string Name, double Cost)[]
        {
            ("variant", Least(static arm => arm is { Codec: 0, Exit: null }, wholeOnly: true)),
            ("cut", Least(static arm => arm is { Variant: 0, Codec: 0, Exit: null }, wholeOnly: false)),
            ("codec", Least(static arm => arm is { Variant: 0, Exit: null }, wholeOnly: true)),
            ("exit", Least(static arm => arm is { Variant: 0, Codec: 0, Exit: not null }, wholeOnly: false)),
            ("server", choices.Where(static choice => choice is { Server: >= 0, Arm: { Variant: 0, Partition: 0, Codec: 0, Exit: null } }).Select(static choice => choice.Cost).DefaultIfEmpty(device).Min()),
        }.Select(knob => (knob.Name, Cost: Math.Min(knob.Cost, device))).MinBy(static knob => knob.Cost);

        double Least(Func<ScenarioArm, bool> isAllowed, bool wholeOnly) => choices
            .Where(choice => isAllowed(choice.Arm) && (choice.Server < 0 || (mayUse(choice.Server) && (!wholeOnly || choice.Arm.Partition == 0))))
            .Select(static choice => choice.Cost).DefaultIfEmpty(device).Min();
    }

    /// <summary>An arm, its server or -1, and what it costs, in any unit.</summary>
    public sealed record Choice(ScenarioArm Arm, int Server, double Cost);
}
