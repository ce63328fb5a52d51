namespace SplitInfer.Simulation;

/// <summary>What a frame of a simulation cost.</summary>
/// <param name="Frame">Counted from 0.</param>
/// <param name="Partition">The partition taken.</param>
/// <param name="IsForced">Whether it was taken to learn.</param>
/// <param name="IsRaced">Whether the device raced the server.</param>
/// <param name="DelayMs">What the frame cost, noise included.</param>
/// <param name="MeanMs">What the arm costs at this frame without noise; of a race, the lower of the two sides; of a failed request, what the device then costs as well.</param>
/// <param name="OracleMs">The smallest noise-free delay of any arm at this frame.</param>
/// <param name="Server">Place of the server in the scenario; −1 where everything ran on the device.</param>
/// <param name="Exit">The exit of the arm if that answered; 0 if not.</param>
/// <param name="Accuracy">Probability that the answer that is there at the deadline is right, 0 where there is none; without a deadline the accuracy of the arm.</param>
public readonly record struct SimulatedFrame(int Frame, int Partition, bool IsForced, bool IsRaced, double DelayMs, double MeanMs, double OracleMs, int Server, int Exit = 0, double Accuracy = 1);

/// <summary>What a simulation cost as a whole.</summary>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Frames">The number of frames.</param>
/// <param name="MeanMs">Mean delay, ms.</param>
/// <param name="OracleMeanMs">Mean of the smallest noise-free delays, ms.</param>
/// <param name="P95Ms">95th percentile of the delays, ms.</param>
public sealed record SimulationSummary(string Policy, int Frames, double MeanMs, double OracleMeanMs, double P95Ms)
{
    /// <summary>Mean delay over the oracle's, ms a frame.</summary>
    public double ExcessMs => MeanMs - OracleMeanMs;

    /// <summary>The excess as a part of the oracle's mean.</summary>
    public double ExcessRatio => ExcessMs / OracleMeanMs;

    /// <summary>Summarises the frames of one simulation; there must be at least one.</summary>
    public static SimulationSummary Of(string policy, IReadOnlyCollection<SimulatedFrame> frames)
    {
        var delays = frames.Select(static f => f.DelayMs).Order().ToArray();
        return new(policy, delays.Length, delays.Average(), frames.Average(static f => f.OracleMs), delays[Math.Max(0, (int)Math.Ceiling(0.95 * delays.Length) - 1)]);
    }
}
