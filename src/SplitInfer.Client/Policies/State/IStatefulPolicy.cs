namespace SplitInfer.Client.Policies.State;

/// <summary>A policy whose knowledge outlives the process. Safe for concurrent requests meanwhile.</summary>
internal interface IStatefulPolicy : IPartitionPolicy
{
    /// <summary>Counts up whenever what is written changes its meaning.</summary>
    int StateVersion { get; }

    /// <summary>Writes what was learned.</summary>
    void Save(PolicyStateWriter state);

    /// <summary>Takes over what an earlier run learned, all of it or, on error, nothing.</summary>
    /// <exception cref="PolicyStateException">A number is not one that <see cref="Save"/> writes.</exception>
    void Restore(PolicyStateReader state);
}
