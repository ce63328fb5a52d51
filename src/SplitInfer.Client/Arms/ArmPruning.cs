namespace SplitInfer.Client.Arms;

/// <summary>
/// Which candidates can win. They meet over every combination of a bandwidth, a device and a server; whoever is fastest in one
/// is an arm. What is slower than another everywhere would only have to be explored.
/// </summary>
/// <remarks>
/// A device is told by its multiply-accumulates a second and runs codecs in proportion. Work counts the multiply-accumulates of a
/// segment and a few for each node. Round trips are the same for all.
/// </remarks>
internal static class ArmPruning
{
    /// <summary>More arms than this take long to learn of, however often each would win.</summary>
    public const int MaxArms = 31;

    private const double NodeMacs = 50e3;

    /// <summary>Multiply-accumulates a second of the machine that speeds of codecs are measured on.</summary>
    private const double CodecMachine = 50e9;

    private static ReadOnlySpan<double> BitsPerSecond => [0.5e6, 1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6, 128e6, 256e6, 512e6, 1e9, 4e9, 16e9];

    private static ReadOnlySpan<double> DeviceMacsPerSecond => [0.3e9, 1e9, 3e9, 10e9, 30e9, 100e9];

    private static ReadOnlySpan<double> ServerSpeedups => [0.5, 1, 3, 10, 30];

    /// <summary>The winners, by rising partition.</summary>
    public static IReadOnlyList<ArmCandidate> Winners(IReadOnlyList<ArmCandidate> candidates)
    {
        if (candidates.Count == 0) return candidates;
        var wins = new int[candidates.Count];
        foreach (var device in DeviceMacsPerSecond)
            foreach (var speedup in ServerSpeedups)
                foreach (var bandwidth in BitsPerSecond) wins[Winner(candidates, device, device * speedup, bandwidth)]++;
        return [.. Enumerable.Range(0, candidates.Count)
            .Where(place => wins[place] > 0).OrderByDescending(place => wins[place]).Take(MaxArms)
            .Order().Select(place => candidates[place])];
    }

    private static int Winner(IReadOnlyList<ArmCandidate> candidates, double device, double server, double bitsPerSecond)
    {
        var (winner, least) = (0, double.PositiveInfinity);
        for (var place = 0; place < candidates.Count; place++)
        {
            var (partition, codec) = (candidates[place].Partition, candidates[place]);
            var seconds = (Work(partition.Head) / device) + (codec.EncodeSeconds * CodecMachine / device)
                + (codec.PayloadBits / bitsPerSecond)
                + (codec.DecodeSeconds * CodecMachine / server) + (Work(partition.Tail) / server);
            if (seconds < least) (winner, least) = (place, seconds);
        }

        return winner;
    }

    private static double Work(Partitioning.SegmentCost segment) => segment.Macs + (NodeMacs * segment.Nodes);
}
