using System.Collections.ObjectModel;
using SplitInfer.Policies.Baselines;
using SplitInfer.Policies.MuLinUcb;

namespace SplitInfer.Policies.Catalog;

/// <summary>Makes the policies that come with SplitInfer, by name.</summary>
public static class PolicyCatalog
{
    /// <summary>Makes a policy that has seen nothing yet.</summary>
    /// <param name="name">One of <see cref="PolicyNames"/>.</param>
    /// <param name="setup">What it starts from.</param>
    /// <param name="options">Options of the policy, by name; docs/policies.md lists them.</param>
    /// <exception cref="PolicyOptionException">The name or an option is unknown, a value is out of range.</exception>
    public static IPartitionPolicy Create(string name, PolicySetup setup, IReadOnlyDictionary<string, string>? options = null)
    {
        var read = new PolicyOptions(name, options ?? ReadOnlyDictionary<string, string>.Empty);
        IPartitionPolicy policy = name switch
        {
            PolicyNames.MuLinUcb => new MuLinUcbPolicy(setup, MuLinUcbOptions.From(read)),
            PolicyNames.MuLinUcbPaper => new MuLinUcbPaperPolicy(setup, MuLinUcbPaperOptions.From(read)),
            PolicyNames.LinUcb => new LinUcbPolicy(setup, LinUcbOptions.From(read)),
            PolicyNames.EpsilonGreedy => new EpsilonGreedyPolicy(setup, EpsilonGreedyOptions.From(read)),
            PolicyNames.Neurosurgeon => new NeurosurgeonPolicy(setup, NeurosurgeonOptions.From(read)),
            PolicyNames.MdInferencePaper => new MdInferencePaperPolicy(setup, MdInferencePaperOptions.From(read)),
            PolicyNames.Fixed => FixedOptions.From(read).Create(setup),
            PolicyNames.AllOnDevice => new FixedPolicy(name, new ArmTable(setup)[^1]),
            PolicyNames.AllOnServer => new FixedPolicy(name, new ArmTable(setup)[Enumerable.Range(0, setup.Arms.Length).First(arm => setup.Arms[arm].DeviceExit == 0)]),
            _ => throw new PolicyOptionException($"There is no policy '{name}'. There are {string.Join(", ", PolicyNames.All)}."),
        };
        read.RefuseOthers();
        return policy;
    }

    /// <summary>Makes a policy that takes one arm for every request and learns nothing.</summary>
    /// <param name="name">The name of the policy, such as <see cref="PolicyNames.Fixed"/>.</param>
    /// <param name="arm">The arm, which need not be one of a setup.</param>
    public static IPartitionPolicy CreateFixed(string name, in Arm arm) => new FixedPolicy(name, arm);
}
