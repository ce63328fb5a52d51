namespace SplitInfer.Simulation;

/// <summary>How far what a policy is told beforehand is from what arms truly cost.</summary>
/// <param name="deviation">Standard deviation of its logarithm; negative where it is told what is true, and nothing of tails.</param>
/// <param name="seed">Makes the errors.</param>
internal readonly struct TableErrors(double deviation, int seed)
{
    /// <summary>What is told: heads by variant and cut, tails likewise, payloads by variant, cut and codec.</summary>
    public const int Head = 1, Tail = 2, Payload = 3;

    private const int Exit = 4;

    /// <summary>How much further off rates of exits are, as logarithms of their odds: inputs in use differ from those that a rate was measured with.</summary>
    private const double ExitFactor = 2;

    /// <summary>Whether delays of tails are told.</summary>
    public bool TellsTails => deviation >= 0;

    /// <summary>What is told of how often an exit answers. The same for all arms that have it.</summary>
    public double Rate(ScenarioArm arm)
    {
        if (arm.Exit is not { } exit) return 0;
        if (deviation <= 0 || exit.Rate is <= 0 or >= 1) return exit.Rate;
        var odds = exit.Rate / (1 - exit.Rate) * Math.Exp(ExitFactor * deviation * new FrameNoise(unchecked((seed * 7_919) + Exit), (arm.Variant * 1_000) + exit.Id).Standard());
        return odds / (1 + odds);
    }

    /// <summary>What is told of a value. The same for all arms that share it.</summary>
    public double Apply(int what, ScenarioArm arm, double truth)
    {
        if (deviation <= 0 || truth <= 0) return truth;
        var place = (((arm.Variant * 1_000) + arm.Partition) * 100) + (what == Payload ? arm.Codec : 0);
        return truth * Math.Exp(deviation * new FrameNoise(unchecked((seed * 7_919) + what), place).Standard());
    }
}
