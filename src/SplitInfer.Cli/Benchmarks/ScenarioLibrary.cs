using SplitInfer.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Scenarios to play: those that come with the tool, or all in a folder.</summary>
internal static class ScenarioLibrary
{
    private const string Prefix = "scenarios/";

    /// <summary>The scenarios that come with the tool, by name.</summary>
    public static IEnumerable<Scenario> Own()
    {
        var assembly = typeof(ScenarioLibrary).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return ScenarioReader.Read(bytes);
        }
    }

    /// <summary>Every .json file below a folder, by path.</summary>
    public static IEnumerable<Scenario> In(string folder) =>
        Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(ScenarioReader.ReadFile);
}
