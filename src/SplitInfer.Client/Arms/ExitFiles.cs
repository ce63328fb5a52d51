using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>Finds the exits of a client's models.</summary>
internal static class ExitFiles
{
    /// <summary>What files of exits in a folder are called, so that they can lie beside others.</summary>
    public const string Pattern = "*.exits.json";

    /// <summary>The exits by plan; a plan without exits has none.</summary>
    /// <param name="path">A file, or a folder, of which each file belongs to one model. Null for none.</param>
    /// <param name="plans">The plans.</param>
    /// <exception cref="InvalidExitsException">A file cannot be used, the only one belongs to none of the plans, or the folder has none.</exception>
    public static IReadOnlyDictionary<PartitionPlan, ModelExits> Load(string? path, IReadOnlyList<PartitionPlan> plans)
    {
        var found = new Dictionary<PartitionPlan, ModelExits>(ReferenceEqualityComparer.Instance);
        if (path is null) return found;
        if (!Directory.Exists(path))
        {
            var exits = ExitsFile.Load(path);
            var plan = plans.FirstOrDefault(plan => plan.Model == exits.Model) ?? plans[0];
            exits.RequireFor(plan);
            found[plan] = exits;
            return found;
        }

        string[] files = [.. Directory.EnumerateFiles(path, Pattern).Order(StringComparer.Ordinal)];
        if (files.Length == 0) throw new InvalidExitsException($"The folder '{path}' holds no exits. Make some for each variant with 'splitinfer exits add', and call the files {Pattern}.");
        foreach (var exits in files.Select(ExitsFile.Load))
        {
            // A folder may have those of variants that are not used.
            if (plans.FirstOrDefault(plan => plan.Model == exits.Model) is { } plan) found[plan] = exits;
        }

        return found;
    }
}
