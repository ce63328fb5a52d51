using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>The scenarios that come with the samples, and policies played against them.</summary>
internal static class Scenarios
{
    public const int Seeds = 8;

    /// <summary>Every scenario by its path below the samples, such as <c>vgg16/steady-50</c>.</summary>
    public static TheoryData<string> All { get; } = Matching(static _ => true);

    /// <summary>Those in which nothing changes.</summary>
    public static TheoryData<string> Steady { get; } = Matching(static name => name.Contains("steady"));

    /// <summary>Those in which something does.</summary>
    public static TheoryData<string> Changing { get; } = Matching(static name => !name.Contains("steady"));

    public static Scenario Read(string name) => ScenarioReader.ReadFile(Path.Combine(Root, name + ".json"));

    /// <summary>Mean excess over the oracle, as a part of the oracle's mean, over the frames that <paramref name="pick"/> leaves, over all seeds.</summary>
    public static double ExcessRatio(string name, string policy, Func<IEnumerable<SimulatedFrame>, IEnumerable<SimulatedFrame>> pick)
    {
        var scenario = Read(name);
        var (cost, oracle) = (0.0, 0.0);
        for (var seed = 0; seed < Seeds; seed++)
        {
            foreach (var frame in pick(new Simulator(scenario, seed).Play(PolicyCatalog.Create(policy, Simulator.SetupOf(scenario, seed)))))
                (cost, oracle) = (cost + frame.MeanMs, oracle + frame.OracleMs);
        }

        return (cost / oracle) - 1;
    }

    /// <summary>All frames of the default policy on a device that cannot race.</summary>
    public static IReadOnlyList<SimulatedFrame> OnOneCore(string name, int seed, bool canRace)
    {
        var scenario = Read(name);
        return [.. new Simulator(scenario, seed).Play(PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(scenario, seed, canRace, isSingleCore: true)))];
    }

    private static string Root => Path.Combine(AppContext.BaseDirectory, "scenarios");

    private static TheoryData<string> Matching(Predicate<string> take) =>
        [.. Directory.EnumerateFiles(Root, "*.json", SearchOption.AllDirectories)
            .Select(static file => Path.ChangeExtension(Path.GetRelativePath(Root, file), null).Replace('\\', '/'))
            .Where(name => take(name)).Order(StringComparer.Ordinal)];
}
