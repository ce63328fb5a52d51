using System.Text;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;
using SplitInfer.Policies.Tests.Simulation;

namespace SplitInfer.Policies.Tests.Decisions;

/// <summary>
/// A world that policies are played in, and their decisions as text. All that the recorded decisions need of the product is used here.
/// </summary>
internal sealed class PlayedWorld(string name)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzαβγδεζηθικλμνξοπρστυφχψω";

    private readonly Scenario _scenario = RandomWorld.Find(name) ?? Scenarios.Read(name);

    /// <summary>The scenarios that <c>bench policy</c> plays.</summary>
    public static TheoryData<string> Described => Scenarios.All;

    /// <summary>A random world of each kind.</summary>
    public static TheoryData<string> Random { get; } = [.. RandomWorld.Sequence(Enum.GetValues<WorldKind>().Length, seed: 20).Select(static world => world.Name)];

    /// <summary>The policies that choose; the others always take the same arm.</summary>
    public static IReadOnlyList<string> Policies { get; } =
        [PolicyNames.MuLinUcb, PolicyNames.MuLinUcbPaper, PolicyNames.LinUcb, PolicyNames.EpsilonGreedy, PolicyNames.Neurosurgeon];

    /// <summary>
    /// The decisions, one letter a frame: <c>a</c> is the arm that comes first in the scenario. Upper case: the device raced
    /// the server. An exclamation mark after the letter: the arm was taken to learn.
    /// </summary>
    public string Play(TraceKey key)
    {
        var letters = _scenario.Arms.Select(static (arm, index) => (arm.Partition, Letter: Letters[index])).ToDictionary(static arm => arm.Partition, static arm => arm.Letter);
        var policy = PolicyCatalog.Create(key.Policy, Simulator.SetupOf(_scenario, key.Seed, key.CanRace, key.IsSingleCore));
        var text = new StringBuilder();
        foreach (var frame in new Simulator(_scenario, key.Seed).Play(policy))
        {
            var letter = letters[frame.Partition];
            text.Append(frame.IsRaced ? char.ToUpperInvariant(letter) : letter);
            if (frame.IsForced) text.Append(TraceText.Forced);
        }

        return text.ToString();
    }
}
