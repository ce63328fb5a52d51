namespace SplitInfer.Simulation;

/// <summary>How far what a policy is told beforehand is from what arms truly cost.</summary>
/// <param name="deviation">Standard deviation of its logarithm; negative where it is told what is true, and nothing of tails.</param>
/// <param name="seed">Makes the errors.</param>
internal readonly struct TableErrors(double deviation, int seed)
{
    /// <summary>What is told: heads by variant and cut, tails likewise, payloads by variant, cut and codec.</summary>
    public const int Head = 1, Tail = 2, Payload = 3;

    /// <summary>Whether delays of tails are told.</summary>
    public bool TellsTails => deviation >= 0;

    /// <summary>What is told of a value. The same for all arms that share it.</summary>
    public double Apply(int what, ScenarioArm arm, double truth)
    {
        if (deviation <= 0 || truth <= 0) return truth;
        var place = (((arm.Variant * 1_000) + arm.Partition) * 100) + (what == Payload ? arm.Codec : 0);
        return truth * Math.Exp(deviation * new FrameNoise(unchecked((seed * 7_919) + what), place).Standard());
    }
}
