using System.Collections.Immutable;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies;

/// <summary>What a policy starts from.</summary>
public sealed class PolicySetup
{
    /// <summary>
    /// The arms, by server, variant and rising cut. Those that run everything on the device come last: for each variant that the device can run those with
    /// exits, if any, and behind them the one without, that of the main variant at the very end. There is at least this one.
    /// </summary>
    public required ImmutableArray<ArmDescription> Arms { get; init; }

    /// <summary>Delays of the heads on this device.</summary>
    public required HeadProfile Heads { get; init; }

    /// <summary>How far a measured head may be off from what it takes in use, relative to itself; a standard deviation. 0.02 by default.</summary>
    public double HeadDeviation { get; init; } = 0.02;

    /// <summary>
    /// How far <see cref="ArmDescription.PayloadBits"/> may be off, relative to itself; a standard deviation. 0 (the default) where payloads are not
    /// explored for their own sake.
    /// </summary>
    public double PayloadDeviation { get; init; }

    /// <summary>What is known of each server, by <see cref="Arm.Server"/>; empty where nothing is.</summary>
    public ImmutableArray<ServerSetup> Servers { get; init; } = [];

    /// <summary>Names of the codecs, by <see cref="Arm.Codec"/>, for options and messages.</summary>
    public ImmutableArray<string> Codecs { get; init; } = [];

    /// <summary>Whether the device may run a tail while it waits for the server's. True by default.</summary>
    public bool CanRace { get; init; } = true;

    /// <summary>
    /// Whether the device takes over a reply that is later than the decision says, where it can race. True by default; scenarios say
    /// whether their simulation does.
    /// </summary>
    public bool RacesLateReplies { get; init; } = true;

    /// <summary>When the device runs a model beside the server in order to have an answer by the deadline. Only when the server is late by default.</summary>
    public Hedge Hedge { get; init; }

    /// <summary>Whether the device has one core, so that whatever else it does slows down what is measured. False by default.</summary>
    public bool IsSingleCore { get; init; }

    /// <summary>What the user rules out.</summary>
    public PolicyConstraints Constraints { get; init; } = new();

    /// <summary>The cuts that turn out to be unusable while the client runs: a policy leaves them out from then on. Empty to begin with.</summary>
    public ArmMask Mask { get; init; } = new();

    /// <summary>What devices of this kind have learned, which a new one starts from until it has learned for itself. Nothing by default.</summary>
    public KindPrior Prior { get; init; } = KindPrior.Empty;

    /// <summary>Seed of policies that draw at random. Clients that share servers should differ in it, or they do the same at the same time.</summary>
    public int Seed { get; init; }

    /// <summary>The clock by which a policy tells how often requests come. That of the system by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>What is known of a server before any request.</summary>
public sealed record ServerSetup
{
    /// <summary>The name that people know it by.</summary>
    public string Name { get; init; } = "";
}

/// <summary>What a user rules out, whatever it would save. Running everything on the device is always allowed.</summary>
public sealed class PolicyConstraints
{
    /// <summary>The earliest cut that may be taken; 1 keeps the raw input on the device. 0 by default.</summary>
    public int MinCut { get; init; }

    /// <summary>The most payload bytes that a request may send. No limit by default.</summary>
    public long MaxUploadBytes { get; init; } = long.MaxValue;

    /// <summary>Whether the constraints allow a remote arm.</summary>
    internal bool Allow(ArmDescription arm) => arm.Arm.Cut >= MinCut && arm.PayloadBits <= MaxUploadBytes * 8.0;
}
