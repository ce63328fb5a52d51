using System.Collections.Immutable;

namespace SplitInfer.Simulation.Streams;

/// <summary>
/// Networks for streams: work and boundaries of real ones by their stages, each cut with raw floats and with a codec. Times are of a core of so many multiply-accumulates a second, not measured.
/// </summary>
public static class StreamTables
{
    /// <summary>Multiply-accumulates a millisecond of the device, and how many times faster the server is.</summary>
    private const double MacsPerMs = 50e6, ServerSpeedup = 3;

    /// <summary>What a frame takes on the server beside its nodes, ms; floats that are encoded and decoded in a millisecond.</summary>
    private const double ServerOverheadMs = 0.2, EncodedPerMs = 1e6, DecodedPerMs = 2e6;

    // Million multiply-accumulates up to the cut, floats that cross there, how many times smaller the codec makes them.
    private static readonly (double Macs, double Floats, double Ratio)[] _squeezeNet =
    [
        (0, 150_528, 4), (21, 788_544, 8), (21.3, 193_600, 13.3), (55, 387_200, 9), (92.6, 387_200, 9), (92.8, 93_312, 11.6), (126, 186_624, 9), (161, 186_624, 9), (161.6, 43_264, 15.7),
        (179, 64_896, 14), (198, 64_896, 14), (230, 86_528, 16), (263, 86_528, 122), (349.5, 1_000, 1), (350, 0, 1),
    ];

    private static readonly (double Macs, double Floats, double Ratio)[] _resNet18 =
    [
        (0, 150_528, 4), (118, 802_816, 7), (119, 200_704, 8), (350, 200_704, 8), (581, 200_704, 8), (761, 100_352, 10), (992, 100_352, 10), (1172, 50_176, 12), (1403, 50_176, 12),
        (1583, 25_088, 14), (1813.5, 25_088, 18), (1814, 512, 1), (1814.5, 0, 1),
    ];

    /// <summary>SqueezeNet 1.1 on 224×224.</summary>
    /// <param name="quota">The part of the device that there is, above 0 to 1.</param>
    public static ImmutableArray<ScenarioArm> SqueezeNet(double quota = 1) => Of(_squeezeNet, quota);

    /// <summary>ResNet-18 on 224×224.</summary>
    /// <param name="quota">The part of the device that there is, above 0 to 1.</param>
    public static ImmutableArray<ScenarioArm> ResNet18(double quota = 1) => Of(_resNet18, quota);

    /// <summary>The arms of any table on a device of which there is only a part.</summary>
    public static ImmutableArray<ScenarioArm> OnPart(ImmutableArray<ScenarioArm> arms, double quota) => [.. arms.Select(arm => arm with { HeadMs = arm.HeadMs / quota, EncodeMs = arm.EncodeMs / quota })];

    private static ImmutableArray<ScenarioArm> Of((double Macs, double Floats, double Ratio)[] cuts, double quota)
    {
        var whole = cuts[^1].Macs;
        ScenarioArm Arm(int cut, int codec) => new()
        {
            Partition = cut,
            Codec = codec,
            HeadMs = cuts[cut].Macs * 1e6 / MacsPerMs / quota,
            EncodeMs = codec == 0 ? 0 : cuts[cut].Floats / EncodedPerMs / quota,
            DecodeMs = codec == 0 ? 0 : cuts[cut].Floats / DecodedPerMs,
            PayloadBits = 32 * cuts[cut].Floats / (codec == 0 ? 1 : cuts[cut].Ratio),
            TailMs = cut == cuts.Length - 1 ? 0 : ServerOverheadMs + ((whole - cuts[cut].Macs) * 1e6 / MacsPerMs / ServerSpeedup),
            Macs = [(whole - cuts[cut].Macs) * 1e6],
            Nodes = [cuts.Length - 1 - cut],
        };

        return [.. Enumerable.Range(0, cuts.Length - 1).SelectMany(cut => cuts[cut].Ratio > 1 ? new[] { Arm(cut, 0), Arm(cut, 1) } : [Arm(cut, 0)]), Arm(cuts.Length - 1, 0)];
    }
}
