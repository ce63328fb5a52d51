namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one policy cost in one scenario, as the mean over several seeds.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Seeds">How many seeds.</param>
/// <param name="MeanMs">Mean delay of a frame.</param>
/// <param name="OracleMeanMs">The oracle's.</param>
/// <param name="ExcessMs">The one over the other.</param>
/// <param name="ExcessRatio">The excess as a part of the oracle's mean.</param>
/// <param name="P95Ms">95 % of the frames are within; mean over the seeds.</param>
/// <param name="LastExcessRatio">The excess over the last 50 frames, noise left out.</param>
/// <param name="NoiseFreeExcessRatio">The excess over all frames, noise left out.</param>
internal sealed record PolicyRow(
    string Scenario, string Policy, int Seeds, double MeanMs, double OracleMeanMs, double ExcessMs, double ExcessRatio, double P95Ms, double LastExcessRatio, double NoiseFreeExcessRatio);

/// <summary>What choosing and observing costs the processor.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Arms">How many arms there are to choose from.</param>
/// <param name="DecisionUs">Median microseconds to choose and observe once.</param>
/// <param name="AllocatedBytes">Managed bytes that this allocates, as the mean.</param>
/// <param name="ChooseUs">Median microseconds to choose once.</param>
/// <param name="Objective">What is optimised.</param>
internal sealed record DecisionRow(string Policy, int Arms, double DecisionUs, double AllocatedBytes, double ChooseUs, string Objective);
