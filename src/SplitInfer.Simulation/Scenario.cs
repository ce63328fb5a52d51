using System.Collections.Immutable;

namespace SplitInfer.Simulation;

/// <summary>A described world that a policy is played against. Immutable. Frames count from 0.</summary>
public sealed class Scenario
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>How many frames are played.</summary>
    public required int Frames { get; init; }

    /// <summary>Standard deviation of each term of a delay, relative to its mean.</summary>
    public required double Noise { get; init; }

    /// <summary>The arms; the last one runs everything on the device.</summary>
    public required ImmutableArray<ScenarioArm> Arms { get; init; }

    /// <summary>The link over time.</summary>
    public required Timeline<LinkState> Link { get; init; }

    /// <summary>How many times longer tails take, over time.</summary>
    public required Timeline<double> ServerSlowdown { get; init; }

    /// <summary>How many times longer heads take, over time.</summary>
    public required Timeline<double> DeviceSlowdown { get; init; }

    /// <summary>The frames that are key frames.</summary>
    public required ImmutableHashSet<int> KeyFrames { get; init; }

    /// <summary>Whether the policy may measure round trips.</summary>
    public required bool Probes { get; init; }

    /// <summary>The frames, but for the first, at which something changes, rising.</summary>
    public ImmutableArray<int> Changes =>
    [
        .. Link.Steps.Select(static s => s.From)
            .Concat(ServerSlowdown.Steps.Select(static s => s.From))
            .Concat(DeviceSlowdown.Steps.Select(static s => s.From))
            .Where(from => from > 0 && from < Frames && IsChange(from)).Distinct().Order(),
    ];

    /// <summary>Mean delay of an arm at a frame, s.</summary>
    public double MeanSeconds(int arm, int frame)
    {
        var head = Arms[arm].HeadMs * DeviceSlowdown.At(frame);
        if (arm == Arms.Length - 1) return head / 1e3;
        var link = Link.At(frame);
        return (head + link.RttMs + (Arms[arm].PayloadBits / (link.Mbps * 1e3)) + (Arms[arm].TailMs * ServerSlowdown.At(frame))) / 1e3;
    }

    /// <summary>The smallest mean delay of any arm at a frame, s.</summary>
    public double OracleSeconds(int frame)
    {
        var lowest = double.PositiveInfinity;
        for (var arm = 0; arm < Arms.Length; arm++) lowest = Math.Min(lowest, MeanSeconds(arm, frame));
        return lowest;
    }

    private bool IsChange(int frame) =>
        Link.At(frame) != Link.At(frame - 1)
        || !ServerSlowdown.At(frame).Equals(ServerSlowdown.At(frame - 1))
        || !DeviceSlowdown.At(frame).Equals(DeviceSlowdown.At(frame - 1));
}

/// <summary>An arm of a scenario with what it truly costs while nothing slows down.</summary>
public sealed record ScenarioArm
{
    /// <summary>The partition k.</summary>
    public required int Partition { get; init; }

    /// <summary>Delay of the head, ms.</summary>
    public required double HeadMs { get; init; }

    /// <summary>Bits that are sent.</summary>
    public required double PayloadBits { get; init; }

    /// <summary>Multiply-accumulates of the tail, by cost class.</summary>
    public required ImmutableArray<double> Macs { get; init; }

    /// <summary>Nodes of the tail, by cost class.</summary>
    public required ImmutableArray<double> Nodes { get; init; }

    /// <summary>Delay of the tail, ms.</summary>
    public required double TailMs { get; init; }
}
