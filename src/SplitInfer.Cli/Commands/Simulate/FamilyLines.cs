using SplitInfer.Simulation.Families;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>What a policy made of one network with one deadline, beside others. Accuracies and shares are from 0 to 1.</summary>
internal sealed record FamilyCellLine(
    string Network, double DeadlineMs, string Policy, int Frames, double Accuracy, double LateShare, double HedgedShare, double DeviceShare, double NothingShare,
    string BestStatic, double StaticAccuracy, double PublishedAccuracy, double PublishedLateShare, double PublishedOracleAccuracy, double InformedAccuracy)
{
    public static FamilyCellLine Of(FamilyScenario scenario, FamilyCell cell, string policy) => new(
        cell.Network, cell.DeadlineMs, policy, scenario.Requests, cell.Result.Accuracy, cell.Result.LateShare, cell.Result.HedgedShare, cell.Result.DeviceShare, cell.Result.NothingShare,
        cell.BestStatic, cell.StaticAccuracy, cell.Published.Accuracy, cell.Published.LateShare, cell.PublishedWithOracle.Accuracy, cell.InformedAccuracy);
}

/// <summary>All cells together.</summary>
internal sealed record FamilySummaryLine(
    string Family, string Policy, int Cells, double MeanAccuracy, double MeanStaticAccuracy, double MeanPublishedAccuracy, double MeanInformedAccuracy,
    double LeastGainOverStatic, double MostGainOverPublished, double LeastShareOfPublishedOracle, double HedgedShare)
{
    public static FamilySummaryLine Of(FamilyScenario scenario, string policy, IReadOnlyCollection<FamilyCell> cells) => new(
        scenario.Name, policy, cells.Count,
        cells.Average(static c => c.Result.Accuracy), cells.Average(static c => c.StaticAccuracy), cells.Average(static c => c.Published.Accuracy), cells.Average(static c => c.InformedAccuracy),
        cells.Min(static c => c.Result.Accuracy - c.StaticAccuracy), cells.Max(static c => c.Result.Accuracy - c.Published.Accuracy),
        cells.Min(static c => c.PublishedWithOracle.Accuracy > 0 ? c.Result.Accuracy / c.PublishedWithOracle.Accuracy : 1), cells.Average(static c => c.Result.HedgedShare));
}
