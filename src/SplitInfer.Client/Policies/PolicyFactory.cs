using SplitInfer.Client.Policies.Fixed;

namespace SplitInfer.Client.Policies;

/// <summary>Makes the policy that options name.</summary>
internal static class PolicyFactory
{
    public static IPartitionPolicy Create(SplitInferenceOptions options, ClientModel model)
    {
        var plan = model.Plan;
        return NameOf(options) switch
        {
            PolicyNames.Fixed => new FixedPolicy(PolicyNames.Fixed, model.ArmFor(options.Partition
                ?? throw new ArgumentException($"Policy '{PolicyNames.Fixed}' needs a partition. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Partition)} to one of {string.Join(", ", plan.Arms.Select(static a => a.Index))}.", nameof(options)))),
            PolicyNames.AllOnDevice => new FixedPolicy(PolicyNames.AllOnDevice, model.ArmFor(plan.AllOnDevice.Index)),
            PolicyNames.AllOnServer => new FixedPolicy(PolicyNames.AllOnServer, model.ArmFor(plan.AllOnServer.Index)),
            var unknown => throw new ArgumentException($"There is no policy '{unknown}'. The policies are: {string.Join(", ", PolicyNames.All)}.", nameof(options)),
        };
    }

    private static string NameOf(SplitInferenceOptions options) => options.Policy
        ?? (options.Partition is not null ? PolicyNames.Fixed
            : options.Server is not null ? PolicyNames.AllOnServer
            : PolicyNames.AllOnDevice);
}
