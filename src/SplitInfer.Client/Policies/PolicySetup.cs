using System.Collections.Immutable;
using SplitInfer.Client.Profiling;

namespace SplitInfer.Client.Policies;

/// <summary>What a policy starts from.</summary>
public sealed class PolicySetup
{
    /// <summary>The arms, by rising partition; the last one runs everything on the device.</summary>
    public required ImmutableArray<ArmProfile> Arms { get; init; }

    /// <summary>Delays of the heads on this device.</summary>
    public required HeadProfile Heads { get; init; }

    /// <summary>Multiply-accumulates a second that the server says it does; null where it says nothing.</summary>
    public double? ServerMacsPerSecond { get; init; }

    /// <summary>Delays of the tails by arm from an offline profile of the server, s; empty where none was made. Only <see cref="PolicyNames.Neurosurgeon"/> asks for one.</summary>
    public ImmutableArray<double> ProfiledTailSeconds { get; init; } = [];

    /// <summary>Whether the device may run a tail while it waits for the server's. True by default.</summary>
    public bool CanRace { get; init; } = true;

    /// <summary>Whether the device has one core, so that whatever else it does slows down what is measured. False by default.</summary>
    public bool HasOneCore { get; init; }

    /// <summary>What the user rules out.</summary>
    public PolicyConstraints Constraints { get; init; } = new();

    /// <summary>The partitions that turn out to be of no use while the client runs: a policy leaves them out from then on. Empty to begin with.</summary>
    public ArmMask Mask { get; init; } = new();

    /// <summary>Makes policies that draw at random repeatable.</summary>
    public int Seed { get; init; }
}
