using SplitInfer.Client.Arms;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>Chooses the arm of a request: the one that the request names or the policy decides for, unless what the policy may not know of rules that out. Thread-safe.</summary>
/// <param name="arms">The arms.</param>
/// <param name="mask">The cuts that have turned out to be unusable.</param>
/// <param name="policy">Decides.</param>
/// <param name="servers">The servers.</param>
/// <param name="fallsBack">Whether the device takes the place of servers that are down.</param>
internal sealed class ArmSelector(ArmCatalog arms, ArmMask mask, IPartitionPolicy policy, ServerSet servers, bool fallsBack)
{
    /// <summary>Whether the policy learns.</summary>
    public bool Learns { get; } = policy.Needs != PolicyNeeds.None;

    /// <summary>The arm that takes the partition of a request, on the first server that can be used.</summary>
    /// <exception cref="InvalidPartitionException">There is no such partition, or it is not admissible.</exception>
    public Decision Named(int partition) => new() { Arm = arms.RequireNamed(partition, servers.FirstUsable), IsNamed = true, PredictedSeconds = double.NaN };

    /// <summary>What the policy decides.</summary>
    /// <param name="quality">How much the request matters.</param>
    /// <param name="budget">The time that the request has.</param>
    /// <returns>The decision and, where the device takes the place of a server that is down, why.</returns>
    public (Decision Decision, Exception? Skipped) Choose(in QualityOfService quality, in RequestBudget budget)
    {
        var unavailable = servers.All.IsEmpty ? ulong.MaxValue : servers.Unavailable;
        var decision = policy.Decide(new() { RemainingSeconds = budget.RemainingSeconds, Quality = quality, UnavailableServers = unavailable });
        if (decision.Arm.IsOnDevice) return (decision, null);
        // A policy of the application's own may not know of the mask.
        if (Learns && mask.Contains(decision.Arm)) return (OnDevice(decision), null);
        if (servers.All.IsEmpty || IsUsable(decision.Arm.Server)) return (decision, null);
        // Which of the servers runs the tail makes no difference to a policy that does not learn.
        var other = servers.FirstUsable;
        if (!Learns && IsUsable(other)) return (decision with { Arm = decision.Arm with { Server = other }, Shadow = null }, null);
        return fallsBack ? (OnDevice(decision), servers.All[decision.Arm.Server].Health.LastFailure) : (decision, null);

        bool IsUsable(int server) => ((unavailable >> server) & 1) == 0;
    }

    /// <summary>The same decision, with everything on the device.</summary>
    public Decision OnDevice(in Decision decision) => decision with { Arm = arms.OnDevice, IsForced = false, IsRaced = false, LateAfterSeconds = 0, Shadow = null };
}
