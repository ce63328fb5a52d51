using System.Collections.Immutable;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies;

/// <summary>Chooses an arm for every request and learns from what it cost. Implementations are safe for concurrent requests.</summary>
public interface IPartitionPolicy
{
    /// <summary>The name by which people choose the policy.</summary>
    string Name { get; }

    /// <summary>What the policy makes use of; a client spares itself the rest. Everything but an offline profile of the servers unless overridden.</summary>
    PolicyNeeds Needs => PolicyNeeds.Outcomes | PolicyNeeds.HeadProfile | PolicyNeeds.RoundTrips;

    /// <summary>What the policy learned, to be saved and restored; null (the default) where it keeps nothing.</summary>
    IPolicyState? State => null;

    /// <summary>Chooses an arm for a request that is about to run.</summary>
    Decision Decide(in DecisionContext context);

    /// <summary>Learns what a request cost. Outcomes may come late and in any order.</summary>
    void Observe(in Outcome outcome);

    /// <summary>Learns the round-trip time of a frame that is too small to take any time on the link.</summary>
    /// <param name="server">The server that was pinged.</param>
    /// <param name="seconds">From sending the frame to its echo; more than 0.</param>
    void ObserveRoundTrip(int server, double seconds) { }

    /// <summary>
    /// Learns how long the tails of variant 0 ran when a server profiled them offline, with nothing else to do. Called whenever a server that
    /// made a profile is connected, so possibly beside requests and more than once for a server; the last profile counts. Does nothing
    /// unless overridden, which goes with <see cref="PolicyNeeds.ServerProfile"/>.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="tailSeconds">By partition k: delay of the tail, s. 0 or NaN, or the end of the array, where it was not profiled.</param>
    void ObserveServerProfile(int server, ImmutableArray<double> tailSeconds) { }

    /// <summary>What the policy thinks of a server at the moment, for people and dashboards; null (the default) where it has measured nothing of it. May be called at any time.</summary>
    /// <param name="server">The server.</param>
    ServerEstimate? Estimate(int server) => null;

    /// <summary>
    /// What the policy has measured on this device in this run, for others of its kind to start from (<see cref="PolicySetup.Prior"/>): no input, and nothing that it was told by others.
    /// Empty unless overridden. May be called at any time.
    /// </summary>
    KindPrior Share() => KindPrior.Empty;
}

/// <summary>What a policy makes use of.</summary>
[Flags]
public enum PolicyNeeds
{
    /// <summary>Nothing: the policy does not learn.</summary>
    None = 0,

    /// <summary>Outcomes of requests.</summary>
    Outcomes = 1,

    /// <summary>Delays of the heads, which are measured before the first request.</summary>
    HeadProfile = 2,

    /// <summary>Round-trip times.</summary>
    RoundTrips = 4,

    /// <summary>Delays of the tails as each server profiled them offline.</summary>
    ServerProfile = 8,
}
