using System.Collections.Immutable;

namespace SplitInfer.Simulation.Families;

/// <summary>
/// A family of models for one task, networks with independent ways out and back, and deadlines: every network with every deadline is a cell in
/// which requests are simulated. Immutable.
/// </summary>
public sealed class FamilyScenario
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Requests of each cell.</summary>
    public required int Requests { get; init; }

    /// <summary>
    /// Whether the server chooses, once the input has arrived and the way out is known, rather than the device before it sends. False by default.
    /// </summary>
    public bool ChoosesOnServer { get; init; }

    /// <summary>Whether a policy on the device may measure round trips. False by default.</summary>
    public bool Probes { get; init; }

    /// <summary>The variants.</summary>
    public required ImmutableArray<FamilyVariant> Variants { get; init; }

    /// <summary>The networks.</summary>
    public required ImmutableArray<Network> Networks { get; init; }

    /// <summary>The deadlines, ms from the call.</summary>
    public required ImmutableArray<double> DeadlinesMs { get; init; }

    /// <summary>The least accuracy that requests ask for, 0 to 1. 0 by default.</summary>
    public double MinAccuracy { get; init; }
}

/// <summary>One of several models for the same task.</summary>
public sealed record FamilyVariant
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Its accuracy, 0 to 1.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean and standard deviation of its run on the server, ms; null where the server does not have it.</summary>
    public RunTime? Server { get; init; }

    /// <summary>The same on the device; null where the device does not have it.</summary>
    public RunTime? Device { get; init; }
}

/// <summary>How long a model runs: normal, at least a tenth of the mean.</summary>
/// <param name="MeanMs">Mean, ms.</param>
/// <param name="SdMs">Standard deviation, ms.</param>
public sealed record RunTime(double MeanMs, double SdMs)
{
    internal double SampleMs(double normal) => Math.Max(MeanMs / 10, MeanMs + (SdMs * normal));
}

/// <summary>A network between device and server.</summary>
public sealed record Network
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>The way to the server, input included.</summary>
    public required DelayLaw Out { get; init; }

    /// <summary>The way back; null where it takes exactly what the way out took, so that whoever knows the one knows the other.</summary>
    public required DelayLaw? Back { get; init; }

    /// <summary>The same network if the way back took what the way out took, as in the simulation that MDInference was published with.</summary>
    public Network WithSameWayBack() => this with { Back = null };
}
