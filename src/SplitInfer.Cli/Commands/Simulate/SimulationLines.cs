using SplitInfer.Simulation;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>What one simulated frame cost.</summary>
internal sealed record SimulatedFrameLine(int Frame, int Partition, bool Forced, bool Raced, double DelayMs, double OracleMs)
{
    public static SimulatedFrameLine Of(in SimulatedFrame frame) =>
        new(frame.Frame, frame.Partition, frame.IsForced, frame.IsRaced, frame.DelayMs, frame.OracleMs);
}

/// <summary>What all simulated frames cost.</summary>
internal sealed record SimulationLine(string Policy, int Frames, double MeanMs, double OracleMeanMs, double ExcessMs, double ExcessRatio, double P95Ms)
{
    public static SimulationLine Of(SimulationSummary summary) =>
        new(summary.Policy, summary.Frames, summary.MeanMs, summary.OracleMeanMs, summary.ExcessMs, summary.ExcessRatio, summary.P95Ms);
}
