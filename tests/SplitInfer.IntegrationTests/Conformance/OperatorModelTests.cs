using System.Collections.Concurrent;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Debian's operator models, with inputs and outputs made by other implementations.</summary>
public sealed class OperatorModelTests(ITestOutputHelper output)
{
    [OnnxTestDataFact]
    public async Task Every_operator_model_agrees_with_its_supplied_outputs_wherever_it_is_cut()
    {
        var results = new ConcurrentBag<ConformanceResult>();
        var folders = Directory.EnumerateFiles(SharedData.OnnxTestData, "model.onnx", SearchOption.AllDirectories).Select(static file => Path.GetDirectoryName(file)!);
        await Parallel.ForEachAsync(folders, async (folder, _) => results.Add(await new ConformanceCase(folder).RunAsync()));

        var skipped = results.Where(static r => r.Skipped is not null).GroupBy(static r => r.Skipped!).ToDictionary(static g => g.Key, static g => g.ToArray());
        output.WriteLine($"{results.Count(static r => r.Skipped is null)} models, {results.Sum(static r => r.Verified)} partitions verified");
        foreach (var (reason, models) in skipped) output.WriteLine($"{models.Length} skipped because {reason}: {string.Join(' ', models.Take(5).Select(static r => r.Name))} …");
        foreach (var failure in results.SelectMany(static r => r.Failures)) output.WriteLine(failure);

        Assert.Empty(results.SelectMany(static r => r.Failures));
        Assert.All(skipped, static s => Assert.InRange(s.Value.Length, 0, SkipReason.Most[s.Key]));
        Assert.True(results.Sum(static r => r.Verified) > 1000);
    }
}
