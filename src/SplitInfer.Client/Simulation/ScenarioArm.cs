using System.Collections.Immutable;

namespace SplitInfer.Client.Simulation;

/// <summary>An arm of a scenario with what it truly costs while nothing slows down.</summary>
internal sealed record ScenarioArm
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
