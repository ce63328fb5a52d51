using System.Text.RegularExpressions;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Plans many models and counts what is refused, by kind of reason.</summary>
internal sealed partial class RefusalCensus
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    private readonly Lock _lock = new();

    /// <summary>How many models were counted.</summary>
    public int Models { get; private set; }

    /// <summary>How many ONNX Runtime itself does not load.</summary>
    public int RefusedByEngine { get; private set; }

    /// <summary>How many have fewer than two compute nodes, so that there is no place to cut.</summary>
    public int TooSmall { get; private set; }

    /// <summary>How many have a cut with work on both sides.</summary>
    public int Divisible { get; private set; }

    /// <summary>How many cuts with work on both sides there are, refused ones among them.</summary>
    public int InnerCuts { get; private set; }

    /// <summary>Models that ONNX Runtime loads and the planner refuses, by reason.</summary>
    public SortedDictionary<string, SortedSet<string>> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>Models of two compute nodes or more of which every inner cut is refused, by the most frequent reason.</summary>
    public SortedDictionary<string, SortedSet<string>> Indivisible { get; } = new(StringComparer.Ordinal);

    /// <summary>Refused inner cuts, by reason.</summary>
    public SortedDictionary<string, int> RefusedCuts { get; } = new(StringComparer.Ordinal);

    /// <summary>Models that cannot run all on the server, by reason.</summary>
    public SortedDictionary<string, int> RefusedServers { get; } = new(StringComparer.Ordinal);

    /// <summary>Plans every model below a folder from its file alone.</summary>
    public static RefusalCensus Of(string folder)
    {
        var census = new RefusalCensus();
        Parallel.ForEach(Directory.EnumerateFiles(folder, "*.onnx", SearchOption.AllDirectories), path => census.Count(Path.GetRelativePath(folder, path), path));
        return census;
    }

    /// <summary>The counts as a table.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Models} models; the engine refuses {RefusedByEngine} as they are, {Refused.Values.Sum(static m => m.Count)} more are refused, {TooSmall} have fewer than two compute nodes, {Divisible} can be cut inside, {Indivisible.Values.Sum(static m => m.Count)} cannot";
        foreach (var (reason, models) in Refused) yield return $"refused: {models.Count} because {reason} ({Some(models)})";
        foreach (var (reason, models) in Indivisible) yield return $"no inner cut: {models.Count} because {reason} ({Some(models)})";
        yield return $"{InnerCuts} inner cuts, {RefusedCuts.Values.Sum()} of them refused";
        foreach (var (reason, cuts) in RefusedCuts) yield return $"inner cuts refused: {cuts} because {reason}";
        foreach (var (reason, models) in RefusedServers) yield return $"all on the server refused: {models} because {reason}";
    }

    private void Count(string name, string path)
    {
        PartitionPlan? plan = null;
        string? refusal = null;
        try
        {
            plan = PartitionedModel.Load(path, new() { MaxMeasureTime = TimeSpan.FromSeconds(5) }, Execution).Plan;
        }
        catch (SplitInferException error)
        {
            refusal = IsRefusedAsItIs(path) ? "" : $"{error.GetType().Name}: {KindOf(error.Message.Replace(path, "FILE", StringComparison.Ordinal))}";
        }

        lock (_lock) Count(name, plan, refusal);
    }

    private void Count(string name, PartitionPlan? plan, string? refusal)
    {
        Models++;
        if (refusal is { Length: 0 }) RefusedByEngine++;
        else if (refusal is not null) Add(Refused, refusal, name);
        if (plan is null) return;
        if (plan.AllOnServer.InadmissibleReason is { } idle && plan.AllOnDevice.Index > 0) Increment(RefusedServers, KindOf(idle));
        if (plan.AllOnDevice.Index < 2) TooSmall++;
        else Count(name, plan.Partitions[1..^1]);
    }

    private void Count(string name, IReadOnlyCollection<Partition> inner)
    {
        InnerCuts += inner.Count;
        string[] reasons = [.. inner.Where(static p => !p.IsAdmissible).Select(static p => KindOf(p.InadmissibleReason!))];
        foreach (var reason in reasons) Increment(RefusedCuts, reason);
        if (reasons.Length < inner.Count) Divisible++;
        else Add(Indivisible, reasons.CountBy(static r => r).MaxBy(static r => r.Value).Key, name);
    }

    private static bool IsRefusedAsItIs(string path)
    {
        try
        {
            Execution.Engine.LoadFile(path, Execution).Dispose();
            return false;
        }
        catch (EngineException)
        {
            return true;
        }
    }

    private static void Add(SortedDictionary<string, SortedSet<string>> groups, string reason, string name)
    {
        if (!groups.TryGetValue(reason, out var models)) groups[reason] = models = new(StringComparer.Ordinal);
        models.Add(name);
    }

    private static void Increment(SortedDictionary<string, int> counts, string reason) => counts[reason] = counts.GetValueOrDefault(reason) + 1;

    private static string Some(SortedSet<string> models) => string.Join(", ", models.Take(4).Select(static m => m.Replace("/model.onnx", "", StringComparison.Ordinal))) + (models.Count > 4 ? " …" : "");

    /// <summary>A reason without the names and numbers of the case at hand.</summary>
    private static string KindOf(string reason) => Number().Replace(Name().Replace(reason, "'…'"), "n");

    [GeneratedRegex("'[^']*'")]
    private static partial Regex Name();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
