namespace SplitInfer.Policies.Tests.Decisions;

/// <summary>Who decided, and under what circumstances.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Seed">Makes the noise, and what the policy draws.</param>
/// <param name="CanRace">Whether the device may run a tail beside the server.</param>
/// <param name="IsSingleCore">Whether the policy is told that the device has one core.</param>
internal readonly record struct TraceKey(string Policy, int Seed, bool CanRace, bool IsSingleCore)
{
    /// <summary>Every policy with every seed from 0 on, with and without races, on one core and on several.</summary>
    public static IEnumerable<TraceKey> All(int seeds) =>
        from policy in PlayedWorld.Policies
        from seed in Enumerable.Range(0, seeds)
        from canRace in (bool[])[true, false]
        from isSingleCore in (bool[])[false, true]
        select new TraceKey(policy, seed, canRace, isSingleCore);

    /// <summary>As it stands above a trace.</summary>
    public override string ToString() => $"{Policy}, seed {Seed}, {(CanRace ? "races" : "no races")}, {(IsSingleCore ? "one core" : "several cores")}";
}
