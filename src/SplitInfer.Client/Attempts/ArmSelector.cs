using SplitInfer.Client.Arms;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>Chooses the arm of a request: the one that the request names or the policy decides for. A mask or an unavailable server can overrule the policy. Thread-safe.</summary>
/// <param name="arms">The arms.</param>
/// <param name="mask">The cuts that proved unusable.</param>
/// <param name="policy">Decides.</param>
/// <param name="servers">The servers.</param>
/// <param name="usesDeviceWhenDown">Whether the device takes the place of servers that are down.</param>
/// <param name="races">Whether requests may be raced and have shadows.</param>
/// <param name="objective">What is optimised.</param>
internal sealed class ArmSelector(ArmCatalog arms, ArmMask mask, IPartitionPolicy policy, ServerSet servers, bool usesDeviceWhenDown, bool races, Objective objective)
{
    /// <summary>Whether the policy learns.</summary>
    public bool Learns { get; } = policy.Needs != PolicyNeeds.None;

    /// <summary>The arm that takes the partition of a request, on the first server that can be used.</summary>
    /// <exception cref="InvalidPartitionException">There is no such partition, or it is not admissible.</exception>
    public Decision Named(int partition) => new() { Arm = arms.RequireNamed(partition, servers.FirstUsable(servers.Unavailable | servers.Lacking(variant: 0))), IsNamed = true, PredictedSeconds = double.NaN };

    /// <summary>What is optimised.</summary>
    public Objective Objective => objective;

    /// <summary>What the policy decides.</summary>
    /// <param name="quality">How much the request matters.</param>
    /// <param name="minAccuracy">The least accuracy that it asks for, 0 to 1.</param>
    /// <param name="minQuality">The least share of answers that are to be the model's own, 0 to 1; null where it does not say.</param>
    /// <param name="variant">The variant that was chosen for it; null for any.</param>
    /// <param name="budget">The time that the request has.</param>
    /// <returns>The decision and, where the device takes the place of a server that is down, why.</returns>
    /// <exception cref="InvalidOperationException">The policy decided for an arm that it was not given.</exception>
    public (Decision Decision, Exception? Skipped) Choose(in QualityOfService quality, double minAccuracy, double? minQuality, int? variant, in RequestBudget budget)
    {
        var unavailable = servers.All.IsEmpty ? ulong.MaxValue : servers.Unavailable;
        var decision = policy.Decide(new()
        {
            RemainingSeconds = budget.RemainingSeconds,
            Quality = quality,
            UnavailableServers = unavailable,
            Objective = objective,
            MinAccuracy = Math.Max(minAccuracy, LeastQuality(minQuality)),
            Variant = variant,
        });
        if (!arms.Contains(decision.Arm)) throw new InvalidOperationException($"Policy '{policy.Name}' decided for {decision.Arm}, which is not among the arms that it was given. Take one of {nameof(PolicySetup)}.{nameof(PolicySetup.Arms)}.");
        if (decision.Local is { } local) RequireLocal(local);
        if (!races) decision = decision with { IsRaced = false, LateAfterSeconds = 0, HedgeAfterSeconds = null, Shadow = null };
        if (decision.Arm.IsOnDevice) return (decision with { HedgeAfterSeconds = null, Shadow = null }, null);
        // A policy of the application's own may not know of the mask.
        if (Learns && mask.Contains(decision.Arm)) return (OnDevice(decision), null);
        if (servers.All.IsEmpty) return (decision, null);
        if (decision.Shadow is { } shadow) RequireShadow(decision.Arm, shadow);
        // Also what a policy that does not learn cannot know: the variants that a server lacks.
        unavailable |= servers.Lacking(decision.Arm.Variant);
        if (IsUsable(decision.Arm.Server)) return (decision, null);
        // Which of the servers runs the tail makes no difference to a policy that does not learn.
        var other = servers.FirstUsable(unavailable);
        if (!Learns && IsUsable(other)) return (decision with { Arm = decision.Arm with { Server = other }, Shadow = null }, null);
        return usesDeviceWhenDown ? (OnDevice(decision), WhyUnusable(servers.All[decision.Arm.Server], decision.Arm.Variant)) : (decision, null);

        bool IsUsable(int server) => ((unavailable >> server) & 1) == 0;

        static Exception? WhyUnusable(ServerHandle server, int variant) => server.Health.LastFailure ?? server.Health.RefusalOf(variant);
    }

    // Of one model the accuracy of an arm is how often it answers as the model does. An exit that is not sure answers only where the request allows it, or by a deadline. In a family
    // the accuracies are those of variants, and how an exit may answer is looked at when it has.
    private double LeastQuality(double? asked) =>
        !arms.HasExits || arms.Variants.Length > 1 ? 0 : asked ?? (objective == Objective.MostAccurateBy ? 0 : arms.Variants[0].Exits[0].Quality);

    /// <summary>The same request, with everything of its variant on the device.</summary>
    public Decision OnDevice(in Decision decision) => decision with
    {
        Arm = arms.OnDeviceOf(decision.Arm.Variant),
        IsForced = false,
        IsRaced = false,
        LateAfterSeconds = 0,
        Local = null,
        HedgeAfterSeconds = null,
        Shadow = null,
        PredictedSeconds = double.NaN,
    };

    private void RequireLocal(in Arm local)
    {
        if (!local.IsOnDevice || !arms.Contains(local))
            throw new InvalidOperationException($"Policy '{policy.Name}': {nameof(Decision)}.{nameof(Decision.Local)} must be one of {nameof(PolicySetup)}.{nameof(PolicySetup.Arms)} that runs everything on the device.");
    }

    private void RequireShadow(in Arm arm, in Arm shadow)
    {
        if (!arms.Contains(shadow) || shadow with { Index = arm.Index, Server = arm.Server } != arm || shadow.Server == arm.Server)
            throw new InvalidOperationException($"Policy '{policy.Name}': {nameof(Decision)}.{nameof(Decision.Shadow)} must differ from {nameof(Decision)}.{nameof(Decision.Arm)} in its server alone.");
    }
}
