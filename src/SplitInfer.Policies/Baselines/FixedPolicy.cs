namespace SplitInfer.Policies.Baselines;

/// <summary>Takes the same arm for every request and learns nothing.</summary>
/// <param name="name">The name of the policy, such as <see cref="PolicyNames.Fixed"/>.</param>
/// <param name="arm">The arm.</param>
internal sealed class FixedPolicy(string name, Arm arm) : IPartitionPolicy
{
    public string Name => name;

    public PolicyNeeds Needs => PolicyNeeds.None;

    public Decision Decide(in DecisionContext context) => new() { Arm = arm, PredictedSeconds = double.NaN };

    public void Observe(in Outcome outcome) { }
}

/// <summary>Which arm a <see cref="FixedPolicy"/> takes.</summary>
internal sealed class FixedOptions
{
    /// <summary>The partition; the one in the middle of the arms where none is given.</summary>
    public int? Partition { get; init; }

    /// <summary>Name of the codec; the first that the partition has where none is given.</summary>
    public string? Codec { get; init; }

    public static FixedOptions From(PolicyOptions options) => new()
    {
        Partition = options.Find("partition") is null ? null : options.Whole("partition", 0, min: 0),
        Codec = options.Find("codec"),
    };

    /// <exception cref="PolicyOptionException">No arm is of that partition and codec.</exception>
    public FixedPolicy Create(PolicySetup setup)
    {
        var arms = new ArmTable(setup);
        int[] offered = [.. Enumerable.Range(0, arms.Count).Where(arm => setup.Arms[arm].DeviceExit == 0)];
        if (Partition is null && Codec is null) return new(PolicyNames.Fixed, arms[offered[offered.Length / 2]]);
        foreach (var index in offered)
            if ((Partition is null || arms[index].Cut == Partition) && (Codec is null || (arms[index].Codec < setup.Codecs.Length && setup.Codecs[arms[index].Codec] == Codec)))
                return new(PolicyNames.Fixed, arms[index]);
        throw new PolicyOptionException($"No arm has partition {Partition?.ToString() ?? "any"} and codec {Codec ?? "any"}. The command inspect lists the arms.");
    }
}
