using System.Collections.Immutable;
using System.IO.Enumeration;
using SplitInfer.Calibration;
using SplitInfer.Families;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>Finds the calibrations of a client's models.</summary>
internal static class CalibrationFiles
{
    /// <summary>The calibrations by plan; a plan without one has none.</summary>
    /// <param name="path">A file, or a folder, of which each file belongs to one model. Null for none.</param>
    /// <param name="plans">The plans.</param>
    /// <exception cref="InvalidCalibrationException">A file cannot be used, or the only one belongs to none of the plans.</exception>
    public static IReadOnlyDictionary<PartitionPlan, ModelCalibration> Load(string? path, ImmutableArray<PartitionPlan> plans)
    {
        var found = new Dictionary<PartitionPlan, ModelCalibration>(ReferenceEqualityComparer.Instance);
        if (path is null) return found;
        foreach (var file in Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*.json").Where(static file => Path.GetFileName(file) != FamilyFile.Name && !FileSystemName.MatchesSimpleExpression(ExitFiles.Pattern, Path.GetFileName(file))).Order(StringComparer.Ordinal)] : new[] { path })
        {
            var calibration = CalibrationFile.Load(file);
            var plan = plans.FirstOrDefault(plan => plan.Model == calibration.Model);
            // A folder may have those of variants that are not used.
            if (plan is null && file != path) continue;
            plan ??= plans[0];
            calibration.RequireFor(plan);
            found[plan] = calibration;
        }

        return found;
    }
}
