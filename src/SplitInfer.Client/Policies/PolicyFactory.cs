using SplitInfer.Client.Policies.Fixed;
using SplitInfer.Client.Profiling;

namespace SplitInfer.Client.Policies;

/// <summary>Makes the policy that the options of a client ask for.</summary>
internal static class PolicyFactory
{
    /// <summary>Makes a policy that has seen nothing yet.</summary>
    /// <param name="options">The client's.</param>
    /// <param name="model">What there is to choose among.</param>
    /// <param name="heads">Delays of the heads; may be measured later.</param>
    /// <exception cref="ArgumentException">There is no codec or partition such as the options name.</exception>
    /// <exception cref="PolicyOptionException">There is no such policy, or it has no such option.</exception>
    public static IPartitionPolicy Create(SplitInferenceOptions options, ClientModel model, HeadProfile heads)
    {
        var name = NameOf(options);
        var plan = model.Plan;
        // These may take cuts that are no arms, and say so where the model or the options rule one out.
        if (options.CustomPolicy is null && options.PolicyOptions.Count == 0)
        {
            if (name == PolicyNames.AllOnServer) return new FixedPolicy(name, model.ArmFor(plan.AllOnServer.Index));
            if (name == PolicyNames.Fixed)
                return new FixedPolicy(name, model.ArmFor(options.Partition
                    ?? throw new ArgumentException($"Policy '{name}' needs a partition. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Partition)} to one of {string.Join(", ", plan.Arms.Select(static a => a.Index))}.", nameof(options))));
        }

        var setup = new PolicySetup
        {
            Arms = model.Arms.Profiles,
            Heads = heads,
            Mask = model.Mask,
            CanRace = options.Races,
            HasOneCore = Environment.ProcessorCount == 1,
            Constraints = new() { MinPartition = options.Plan.MinDepth, MaxUploadBytes = options.Plan.MaxUploadBytes ?? long.MaxValue },
        };
        return options.CustomPolicy?.Invoke(setup) ?? PolicyCatalog.Create(name, setup, options.PolicyOptions);
    }

    private static string NameOf(SplitInferenceOptions options) => options.Policy
        ?? (options.Partition is not null ? PolicyNames.Fixed
            : options.Server is not null ? PolicyNames.MuLinUcb
            : PolicyNames.AllOnDevice);
}
