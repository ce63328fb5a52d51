namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>A random variant of a network: so many times as fast as the main one on device and server, with boundaries so many times as large.</summary>
internal sealed record RandomVariant(double DevicePart, double ServerPart, double BitsPart, double Accuracy)
{
    /// <summary>The main variant and one to four others.</summary>
    public static RandomVariant[] Draw(ScenarioRandom draws) =>
        [new(1, 1, 1, 1), .. Enumerable.Range(0, draws.Whole(1, 4)).Select(_ => new RandomVariant(draws.LogUniform(0.2, 1.2), draws.LogUniform(0.2, 1.2), draws.LogUniform(0.3, 1.1), 1 - draws.LogUniform(0.0003, 0.05)))];

    /// <summary>An arm of the main variant as one of this. Each head and tail is off by a little, as kernels of other shapes are.</summary>
    public ScenarioArm Scale(ScenarioArm arm, int index, ScenarioRandom draws) => arm with
    {
        Variant = index,
        HeadMs = arm.HeadMs * DevicePart * (index == 0 ? 1 : draws.Factor(0.05)),
        TailMs = arm.TailMs * ServerPart * (index == 0 ? 1 : draws.Factor(0.05)),
        PayloadBits = arm.Partition == 0 ? arm.PayloadBits : Math.Round(arm.PayloadBits * BitsPart),
        Macs = [.. arm.Macs.Select(macs => macs * DevicePart)],
        Accuracy = Accuracy,
    };
}

/// <summary>A random codec: it makes boundaries so many times smaller, takes time on both sides, and loses some accuracy or none.</summary>
internal sealed record RandomCodec(double Ratio, double EncodeMsPerBit, double DecodeMsPerBit, double Accuracy)
{
    /// <summary>None and one to five others.</summary>
    public static RandomCodec[] Draw(ScenarioRandom draws) =>
        [new(1, 0, 0, 1), .. Enumerable.Range(0, draws.Whole(1, 5)).Select(_ => new RandomCodec(draws.LogUniform(1.3, 20), draws.LogUniform(1e-9, 3e-7), draws.LogUniform(1e-10, 3e-8), draws.Flag(0.3) ? 1 : 1 - draws.LogUniform(0.0003, 0.03)))];

    /// <summary>An arm with this codec.</summary>
    public ScenarioArm Apply(ScenarioArm arm, int index) => arm with
    {
        Codec = index,
        PayloadBits = arm.PayloadBits / Ratio,
        EncodeMs = arm.PayloadBits * EncodeMsPerBit,
        DecodeMs = arm.PayloadBits * DecodeMsPerBit,
        Accuracy = arm.Accuracy * Accuracy,
    };
}
