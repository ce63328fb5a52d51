namespace SplitInfer.Client.Simulation;

/// <summary>What a simulation cost as a whole.</summary>
internal sealed record SimulationSummary(string Policy, int Frames, double MeanMs, double OracleMeanMs, double P95Ms)
{
    /// <summary>Mean delay over the oracle's, ms a frame.</summary>
    public double ExcessMs => MeanMs - OracleMeanMs;

    /// <summary>The excess as a part of the oracle's mean.</summary>
    public double ExcessRatio => ExcessMs / OracleMeanMs;

    public static SimulationSummary Of(string policy, IReadOnlyCollection<SimulatedFrame> frames)
    {
        var delays = frames.Select(static f => f.DelayMs).Order().ToArray();
        return new(policy, delays.Length, delays.Average(), frames.Average(static f => f.OracleMs), delays[Math.Max(0, (int)Math.Ceiling(0.95 * delays.Length) - 1)]);
    }
}
