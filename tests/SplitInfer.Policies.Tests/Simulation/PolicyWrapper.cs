using System.Collections.Immutable;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>A policy that is told something else than what happened in the simulation, as on a device where more goes on.</summary>
internal abstract class PolicyWrapper(IPartitionPolicy policy) : IPartitionPolicy
{
    public string Name => policy.Name;

    public virtual Decision Decide(in DecisionContext context) => policy.Decide(context);

    public void ObserveRoundTrip(int server, double seconds) => policy.ObserveRoundTrip(server, seconds);

    public void ObserveServerProfile(int server, ImmutableArray<double> tailSeconds) => policy.ObserveServerProfile(server, tailSeconds);

    public virtual void Observe(in Outcome outcome) => policy.Observe(outcome);

    /// <summary>By what part of the oracle's delay a policy's exceeds it over all frames of a world.</summary>
    public static double ExcessRatio(Scenario world, IPartitionPolicy policy)
    {
        var (cost, oracle) = (0.0, 0.0);
        foreach (var frame in new Simulator(world, seed: 0).Play(policy)) (cost, oracle) = (cost + frame.MeanMs, oracle + frame.OracleMs);
        return (cost / oracle) - 1;
    }

    /// <summary>The default policy in a world.</summary>
    public static IPartitionPolicy MuLinUcb(Scenario world, bool canRace, bool isSingleCore) =>
        PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 0, canRace, isSingleCore));
}
