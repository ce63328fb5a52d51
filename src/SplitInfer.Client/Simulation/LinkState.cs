namespace SplitInfer.Client.Simulation;

/// <summary>A link as it is for a while.</summary>
/// <param name="Mbps">Bandwidth, Mbit/s; 1 Mbit is a million bits.</param>
/// <param name="RttMs">Round-trip time, ms.</param>
internal readonly record struct LinkState(double Mbps, double RttMs);
