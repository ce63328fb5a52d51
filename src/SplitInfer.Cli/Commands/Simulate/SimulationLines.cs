using System.Text.Json.Serialization;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>What one simulated frame cost.</summary>
internal sealed record SimulatedFrameLine(int Frame, int Partition, bool Forced, bool Raced, double DelayMs, double OracleMs)
{
    /// <summary>The server's name, or <see cref="Scenario.DeviceName"/>; left out where the scenario does not name its servers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Server { get; init; }

    public static SimulatedFrameLine Of(Scenario scenario, in SimulatedFrame frame) =>
        new(frame.Frame, frame.Partition, frame.IsForced, frame.IsRaced, frame.DelayMs, frame.OracleMs) { Server = scenario.NamesServers ? scenario.ServerNameOf(frame) : null };
}

/// <summary>What all simulated frames cost.</summary>
internal sealed record SimulationLine(string Policy, int Frames, double MeanMs, double OracleMeanMs, double ExcessMs, double ExcessRatio, double P95Ms)
{
    public static SimulationLine Of(SimulationSummary summary) =>
        new(summary.Policy, summary.Frames, summary.MeanMs, summary.OracleMeanMs, summary.ExcessMs, summary.ExcessRatio, summary.P95Ms);
}
