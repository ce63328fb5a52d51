namespace SplitInfer.Client.Simulation;

/// <summary>What a frame of a simulation cost.</summary>
/// <param name="Frame">Counted from 0.</param>
/// <param name="Partition">The partition taken.</param>
/// <param name="IsForced">Whether it was taken to learn.</param>
/// <param name="IsRaced">Whether the device raced the server.</param>
/// <param name="DelayMs">What the frame cost, noise included.</param>
/// <param name="MeanMs">What the arm costs at this frame without noise; of a race, the lower of the two sides.</param>
/// <param name="OracleMs">The smallest noise-free delay of any arm at this frame.</param>
internal readonly record struct SimulatedFrame(int Frame, int Partition, bool IsForced, bool IsRaced, double DelayMs, double MeanMs, double OracleMs);
